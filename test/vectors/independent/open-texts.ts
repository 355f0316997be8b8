/** Opens texts.json: what compressed bodies are read with. */
import { hash, hex, must, text } from './bytes.ts'
import type { Knowledge } from './delta.ts'
import { vectors, type Openers } from './ledger.ts'
import { readBody } from './load.ts'

interface Texts {
  readonly scripts: string
  readonly dictionary: string
  readonly sampleBodies: readonly string[]
}

const TEXTS = vectors<Texts>('texts.json')
/** The base dictionary. */
export const DICTIONARY = text(TEXTS.dictionary)
/** What the mixing coder has read before it. */
export const SCRIPTS = text(TEXTS.scripts)
/** And behind it. */
export const SAMPLES = TEXTS.sampleBodies.map(hex)
/** As the page has them. */
const SUMS = {
  scripts: '734e55ceb169332013a5707df6481ad0e0807e625681fb1c5b6e024c88595b25',
  dictionary: '63e720f2bd8ae0fbc6fabbec3f677b80a9a934bdca9df81eb9f2478d2c824e38',
  samples: 'af888159feda087194696171fb15460638078f99621369428a697858172f8094',
}
/** The sample bodies are of made-up nodes in a made-up channel. */
const KNOWN: Knowledge = {
  suite: 1,
  scope: 'y'.repeat(26),
  sender: '0'.repeat(24),
  nodeOf: (number) => number.toString(16).padStart(16, '0'),
}

export const TEXT_OPENERS: Openers = {
  scripts: (value: string) => {
    must(digits(hash(text(value))) === SUMS.scripts, 'other texts')
    return value
  },
  dictionary: (value: string) => {
    must(digits(hash(text(value))) === SUMS.dictionary, 'another dictionary')
    return value
  },
  sampleBodies: (bodies: readonly string[]) => {
    must(digits(hash(...bodies.map(hex))) === SUMS.samples, 'other sample bodies')
    for (const body of bodies) readBody(hex(body), KNOWN)
    return bodies
  },
}

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
