/** Fingerprints that people compare by voice: typed with the command, or answered when asked. */
import { EdgeError } from '#base/errors.ts'
import { isYes } from './question.ts'
import type { Surroundings } from './terminal.ts'

/** What is compared. */
export interface Compared {
  /** `request` or `answer`. */
  readonly what: string
  readonly fingerprint: string
  /** What the other end told, if it was typed with the command. */
  readonly given: string | undefined
}

/** @throws EdgeError NOT_ALLOWED unless a person said that the fingerprint is the one the other end has */
export async function insistOnFingerprint(
  { what, fingerprint, given }: Compared,
  whose: string,
  { terminal }: Surroundings,
): Promise<void> {
  if (given !== undefined && plain(given) === plain(fingerprint)) return
  const text = `Fingerprint of the ${what} (${whose}): ${fingerprint}\nDoes the other end read the same? yes or no: `
  if (given === undefined && isYes(await terminal.ask?.({ text }))) return
  throw new EdgeError('NOT_ALLOWED', {
    found: `fingerprint ${fingerprint}`,
    wanted: given ?? 'the same at both ends, said by a person or with --fingerprint',
    do: 'Compare by voice. If they differ, the file was changed on its way: have it made and sent again.',
  })
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '')
}
