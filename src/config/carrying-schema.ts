/** What people carry by hand: sticks, and backups. */
import { z } from 'zod'
import { file, object, text, wanted } from './schema-words.ts'

/** Settings of sticks. */
export const Sticks = object({
  folders: z
    .array(file, wanted('a list of folders'))
    .max(16, wanted('at most 16 folders'))
    .default([])
    .describe('Folders where sticks are mounted: the operator page proposes them.'),
})

/** Settings of backups. */
export const Backups = object({
  recipient: text(/^age1[0-9a-z]{20,4000}$/, 'a public key of age, age1…')
    .optional()
    .describe(
      'Public key of age for which browsers of administrators get a backup of this node; without it they get none.',
    ),
})
