/** Entries of the directory about people, besides their names: whether they may sign in, and which of them are bots. */
import { bytesFromId, type UserId } from '#base/ids.ts'
import { idField, textField, type Fields } from './fields.ts'

/** What the directory says of a person. */
export type PersonContent =
  | {
      readonly kind: 'standing'
      readonly person: UserId
      /** Nobody who is not active signs in anywhere, and what they had open is over. */
      readonly isActive: boolean
    }
  | {
      readonly kind: 'bot'
      readonly person: UserId
      /** Who answers for it. */
      readonly owner: UserId
      readonly description: string
    }

/** Longest description of a bot, in characters: Mattermost's own limit. */
export const BOT_DESCRIPTION_CHARACTERS_MAX = 1_024

/** Kinds of such entries by number. */
export const PERSON_KIND_NUMBER = { standing: 22, bot: 23 } as const

/** Reads the items of such an entry after the head. */
export const PERSON_READERS: Readonly<
  Record<number, (fields: Fields) => PersonContent | undefined>
> = {
  [PERSON_KIND_NUMBER.standing]: ([of, state]) => {
    const person = idField<UserId>(of)
    const isActive = state === 1
    return person && (isActive || state === 0) ? { kind: 'standing', person, isActive } : undefined
  },
  [PERSON_KIND_NUMBER.bot]: ([of, by, text]) => {
    const person = idField<UserId>(of)
    const owner = idField<UserId>(by)
    const description = textField(text, BOT_DESCRIPTION_CHARACTERS_MAX)
    if (person === undefined || owner === undefined || description === undefined) return undefined
    return { kind: 'bot', person, owner, description }
  },
}

/** The items of an entry after its head. */
export function personFields(content: PersonContent): readonly unknown[] {
  const person = bytesFromId(content.person)
  if (content.kind === 'standing') return [person, content.isActive ? 1 : 0]
  return [person, bytesFromId(content.owner), content.description]
}

/** Whether an entry is one of these. */
export function isPersonContent(content: { readonly kind: string }): content is PersonContent {
  return Object.hasOwn(PERSON_KIND_NUMBER, content.kind)
}
