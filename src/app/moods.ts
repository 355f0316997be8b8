/** What people say of themselves beside their name ("on the ward until six"). This node keeps it, and tells no other node of it. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { personOf, type AppContext } from './context.ts'
import type { MoodDraft, Moods } from './kept-types.ts'
import type { Mood, Person } from './types.ts'

/** Longest part of it, in characters: Mattermost's own limit for the text. */
const CHARACTERS_MAX = 100
const NOTHING: MoodDraft = { emoji: '', text: '', duration: '', expires: '' }

/** The part of the app about it; `tell` is called once another one is on disk. */
export function openMoods(context: AppContext, tell: (person: Person) => void): Moods {
  return {
    setMood: async (subject, draft = NOTHING) => {
      for (const [field, value] of Object.entries(draft))
        if (value.length > CHARACTERS_MAX)
          throw new EdgeError('INPUT_INVALID', {
            field,
            foundCharacters: value.length,
            wantedCharactersMax: CHARACTERS_MAX,
          })
      const mood: Mood = { ...draft, at: context.sync.now() }
      await context.sync.replica.commit(async (tx) => tx.put(keptKey.mood(subject), pack(mood)))
      context.moods.set(subject, mood)
      const person = personOf(context, subject)
      if (person !== undefined) tell(person)
    },
  }
}

/** What everybody has said. */
export async function readMoods(
  read: AppContext['sync']['replica']['read'],
): Promise<Map<UserId, Mood>> {
  const moods = new Map<UserId, Mood>()
  for (const [place, bytes] of await read.list(keptRange.moods)) {
    const mood = unpack<Mood>(bytes)
    const person = place.slice(keptRange.moods.from.length) as UserId
    if (mood !== undefined) moods.set(person, mood)
  }
  return moods
}
