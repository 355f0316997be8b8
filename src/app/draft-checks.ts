/** Limits of a message before it is written. */
import { EdgeError } from '#base/errors.ts'
import { MESSAGE_BYTES_MAX, MESSAGE_CHARACTERS_MAX, PROPS_CHARACTERS_MAX } from '#base/limits.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { Draft } from './conversation-types.ts'

/** Refuses what has nothing to say, or too much. @throws EdgeError TOO_LARGE, INPUT_INVALID */
export function checkDraft({ body, files = [], props }: Draft): void {
  checkBody(body, { isAlone: files.length === 0 && props === undefined })
  if (props !== undefined && props.length > PROPS_CHARACTERS_MAX)
    throw new EdgeError('TOO_LARGE', {
      field: 'props',
      foundCharacters: props.length,
      wantedCharactersMax: PROPS_CHARACTERS_MAX,
    })
}

/** Sealed, all of it still has to fit in one envelope of any carrier. @throws EdgeError TOO_LARGE */
export function checkBytes({ body, props = '' }: Draft, files: readonly FileHeader[]): void {
  const names = files.map(({ name, type }) => name + type).join('')
  const foundBytes =
    Buffer.byteLength(body + props + names, 'utf8') + files.length * FILE_FIELD_BYTES
  if (foundBytes > MESSAGE_BYTES_MAX)
    throw new EdgeError('TOO_LARGE', {
      field: 'message',
      foundBytes,
      wantedBytesMax: MESSAGE_BYTES_MAX,
    })
}

/** Id, size and hash of a file, as an entry has them. */
const FILE_FIELD_BYTES = 64

/** `isAlone`: nothing stands beside the text. @throws EdgeError TOO_LARGE, INPUT_INVALID */
export function checkBody(body: string, { isAlone }: { readonly isAlone: boolean }): void {
  const bytes = Buffer.byteLength(body, 'utf8')
  if (body.length > MESSAGE_CHARACTERS_MAX || bytes > MESSAGE_BYTES_MAX) {
    throw new EdgeError('TOO_LARGE', {
      field: 'message',
      foundBytes: bytes,
      wantedBytesMax: MESSAGE_BYTES_MAX,
    })
  }
  if (isAlone && body.trim() === '')
    throw new EdgeError('INPUT_INVALID', {
      field: 'message',
      found: 'nothing',
      wanted: 'some text',
    })
}
