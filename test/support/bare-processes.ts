/** The test runner loads its own code into every process that a test starts; one that may do nothing cannot load it. */
const WRAPPING = Symbol.for('process-on-spawn@*:singletonId')

/** Processes that this test file starts are what the program starts, and nothing else. */
export function startBareProcesses(): void {
  const state = (globalThis as { [WRAPPING]?: { readonly unwrap?: () => void } })[WRAPPING]
  state?.unwrap?.()
}
