// Package e2e holds the tests from outside: the built binary is started on a
// data folder of its own, and spoken to as browsers, programs, carriers and
// operators do. They need nothing of the product's insides but the sandbox
// carrier, which here runs in the test's process and so keeps count of what
// the binary asked of it.
package e2e
