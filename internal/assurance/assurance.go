// Package assurance holds what the project says of its security to the sources: that SECURITY.md answers every requirement and names
// nothing that is not there, and that nothing dials out but what says why. It consists of tests, and no program imports it.
package assurance
