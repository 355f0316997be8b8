/** What our client keeps in browsers, and how it is locked there. */
import { object, oneOf, whole } from './schema-words.ts'

/** Settings of our client in a browser. */
export const Browser = object({
  lock: oneOf(['offered', 'required'])
    .default('offered')
    .describe('Whether people choose to lock our client in their browser by a PIN, or have to.'),
  lockAfterMinutes: whole(1, 1_440)
    .default(5)
    .describe('It locks when nobody has looked at it for so long.'),
  lockTriesMax: whole(4, 100)
    .default(10)
    .describe('After so many wrong PINs in a row the browser forgets all that is kept in it.'),
  endedSessionForgets: oneOf(['read', 'everything'])
    .default('read')
    .describe(
      'What a browser forgets when a session is ended elsewhere: what was read there, or what was not sent yet, too.',
    ),
  files: oneOf(['saved', 'viewed'])
    .default('saved')
    .describe('Whether files can be downloaded with our client, or only looked at in it.'),
})
