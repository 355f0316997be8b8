/** Settings that clients keep with us, for each person. */
import { EdgeError } from '#base/errors.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { UserId } from '#base/ids.ts'
import { PREFERENCES_MAX } from '#base/limits.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { AppContext } from './context.ts'
import type { EdgeNode, Preference } from './node.ts'

type Preferences = Pick<EdgeNode, 'preferences' | 'setPreferences' | 'deletePreferences'>

const TOO_MANY = PREFERENCES_MAX + 1
/** Longest preference: category, name and value together, in bytes. */
const PREFERENCE_BYTES_MAX = 20_000

/** The preferences part of the app. `tell` is called once changed ones are on disk. */
export function openPreferences(
  context: AppContext,
  tell: (person: UserId, preferences: readonly Preference[]) => void,
): Preferences {
  const { replica } = context.sync
  return {
    preferences: async (subject) => {
      const kept = await replica.read.list(range.preferences(subject))
      return kept.map(([, bytes]) => unpack<Preference>(bytes)).filter((one) => one !== undefined)
    },
    setPreferences: async (subject, preferences) => {
      preferences.forEach(checkPreference)
      await replica.commit(async (tx) => {
        for (const one of preferences) tx.put(preferenceKey(subject, one), pack(one))
        const { length } = await tx.list({ ...range.preferences(subject), limit: TOO_MANY })
        if (length === TOO_MANY)
          throw new EdgeError('INPUT_INVALID', {
            field: 'preferences',
            found: `more than ${PREFERENCES_MAX} for one person`,
            wanted: 'no more; delete some first',
          })
      })
      tell(subject, preferences)
    },
    deletePreferences: (subject, preferences) =>
      replica.commit(async (tx) => {
        for (const one of preferences) tx.delete(preferenceKey(subject, one))
      }),
  }
}

function preferenceKey(person: UserId, { category, name }: Preference): string {
  return key.preference(
    person,
    hexFromBytes(sha256(bytesFromText(`${category}\n${name}`)).subarray(0, 16)),
  )
}

function checkPreference(preference: Preference): void {
  const bytes = Buffer.byteLength(preference.value + preference.category + preference.name)
  if (bytes > PREFERENCE_BYTES_MAX) {
    throw new EdgeError('TOO_LARGE', {
      field: 'preference',
      foundBytes: bytes,
      wantedBytesMax: PREFERENCE_BYTES_MAX,
    })
  }
}
