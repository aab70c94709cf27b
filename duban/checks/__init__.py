"""体检: what `duban doctor` looks at, one thought a file; each check answers with findings."""
