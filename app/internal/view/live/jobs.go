package live

import (
	"context"
	"errors"
	"sync"
	"time"

	"bestbefore/app/internal/view"
)

// jobLimit is how many commands run beside each other.
const jobLimit = 8

// jobTime is how long a command may take; connecting asks a slow peer.
const jobTime = 90 * time.Second

// work carries out commands, some beside each other.
func (p *Pump) work(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, jobLimit)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.queued:
		}
		for _, job := range p.takeJobs() {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			running.Go(func() {
				defer func() { <-slots }()
				ctx, cancel := context.WithTimeout(ctx, job.time)
				defer cancel()
				job.run(ctx)
				p.poke()
			})
		}
	}
}

// job is a command that was asked for, and how long it may take.
type job struct {
	run  func(context.Context)
	time time.Duration
}

func (p *Pump) takeJobs() []job {
	p.mu.Lock()
	defer p.mu.Unlock()
	jobs := p.jobs
	p.jobs = nil
	return jobs
}

// do queues a command.
func (p *Pump) do(run func(context.Context)) { p.queue(job{run, jobTime}) }

func (p *Pump) queue(j job) {
	p.mu.Lock()
	p.jobs = append(p.jobs, j)
	p.mu.Unlock()
	signal(p.queued)
}

// toast shows a short message.
func (p *Pump) toast(t view.Toast) {
	if p.config.Screen.Toast != nil {
		p.config.Dispatch(func() { p.config.Screen.Toast(t) })
	}
}

// failed says what went wrong, in the engine's own sentence.
func (p *Pump) failed(err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	p.toast(view.Toast{Text: p.presenter().Failure(err), Severity: view.Still})
}

// why is failed's sentence for showing in place; "" without an error.
func (p *Pump) why(err error) string {
	if err == nil {
		return ""
	}
	return p.presenter().Failure(err)
}
