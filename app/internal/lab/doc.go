// Package lab holds the end-to-end tests: the agent on the router of a home made
// of network namespaces, with devices that really send and companies that count
// what really arrives. It has no code of its own; its tests need the build tag
// lab, Linux and root: "make lab". LAB_LONG=1 repeats what has to hold more than once.
package lab
