// Package e2e holds the browser tests: they walk the pages in Chromium as an administrator, a contributor and a viewer do,
// in English and in Danish, against a whole server and a stand-in for Omnisend. Things are found as a person finds them, by
// role and accessible name, never by CSS class, and the words stand in the tests, so that they hold the pages to the words.
//
// A page fails its test when the browser reports an error, when the content security policy was violated, when a request
// leaves this machine, and, where a test looks closely, when axe finds a violation or the page is wider than its window.
//
// The package owns how a browser is driven. What the pages decide is tested beside the code that decides it. Chromium must
// be there: make setup installs it.
//
// SEGUE_SCREENSHOTS=folder has the pictures of the README written (make screenshots), and SEGUE_SCREENSHOTS_ALL=folder
// one of every state that is looked at closely.
package e2e
