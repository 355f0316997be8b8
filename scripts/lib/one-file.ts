/**
 * What a test file gets for `tap` where several share a process: `test`, and it belongs to the file that is being run.
 *
 * Nothing else of tap: a file that speaks to the whole run, to have more time say, runs by itself.
 */
import type { Test } from 'tap'

let file: Test | undefined

/** From here on tests are those of this file. */
export function begin(whole: Test): void {
  file = whole
}

/**
 * As `test` of tap, one level down.
 *
 * @public a test file finds it where it asks for tap
 */
export const test = ((...words: Parameters<Test['test']>) => {
  if (file === undefined) throw new Error('found a test outside a file; wanted one in a file')
  return file.test(...words)
}) as Test['test']
