/** Messages of joining as text: what goes by mail, on a stick or through a chat must survive line breaks and blanks. */
import { EdgeError } from '#base/errors.ts'

/** What such a text is. */
export type ArmourKind = 'JOIN REQUEST' | 'JOIN ANSWER'

const LINE = 64

/** The text of a message. */
export function armour(kind: ArmourKind, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
  return [`-----BEGIN HOLDFAST ${kind}-----`, ...lines, `-----END HOLDFAST ${kind}-----`, ''].join(
    '\n',
  )
}

/** The message in a text. @throws EdgeError INPUT_INVALID */
export function unarmour(kind: ArmourKind, text: string): Uint8Array {
  const found = new RegExp(
    `-----BEGIN HOLDFAST ${kind}-----([A-Za-z0-9+/=\\s]+)-----END HOLDFAST ${kind}-----`,
  ).exec(text)
  if (found?.[1] !== undefined) return new Uint8Array(Buffer.from(found[1], 'base64'))
  throw new EdgeError('INPUT_INVALID', {
    field: 'file',
    found: 'something else',
    wanted: `a Holdfast ${kind.toLowerCase()}`,
    do: 'Name the file that the other command wrote, whole.',
  })
}
