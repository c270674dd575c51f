//go:build !unix

package main

import "io/fs"

// ownedByUs cannot be told here; the folder is in the user's own temporary one.
func ownedByUs(fs.FileInfo) bool { return true }

// keepPrivate has nothing to do where files have no modes.
func keepPrivate() {}

// meetFileLimit does nothing: there is no such limit.
func meetFileLimit() {}
