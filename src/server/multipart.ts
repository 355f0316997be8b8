/** Forms with files (RFC 7578), read as they come: a file goes to where it is kept without being held in memory. */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy } from '@fastify/busboy'
import { EdgeError } from '#base/errors.ts'
import { FILE_NAME_CHARACTERS_MAX, FILES_PER_MESSAGE_MAX } from '#base/limits.ts'
import { FORM_FIELD_CHARACTERS_MAX, FORM_FIELDS_MAX } from './limits.ts'

/** One file of a form. */
export interface FormFile {
  readonly field: string
  readonly name: string
  readonly type: string
  readonly content: Readable
}

/** The fields that have come so far: each name may come more than once. */
export type FormFields = ReadonlyMap<string, readonly string[]>

/** Whether a request carries such a form. */
export function isForm({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true
}

/**
 * Reads a form. `onFile` is called for each file, with the fields before it, and has to read its content or give up.
 * @throws EdgeError INPUT_INVALID, TOO_LARGE, and whatever `onFile` throws
 */
export async function readForm<T>(
  request: IncomingMessage,
  onFile: (file: FormFile, fields: FormFields) => Promise<T>,
): Promise<{ readonly fields: FormFields; readonly files: readonly T[] }> {
  const fields = new Map<string, string[]>()
  const files: Promise<T>[] = []
  const form = openForm(request)
  const { promise: whole, resolve, reject } = Promise.withResolvers<void>()
  form.on('field', (...[name, value, , isCut]) => {
    if (isCut)
      reject(
        new EdgeError('TOO_LARGE', {
          field: 'form',
          wantedCharactersMax: FORM_FIELD_CHARACTERS_MAX,
        }),
      )
    fields.set(name, [...(fields.get(name) ?? []), value])
  })
  form.on('file', (...[field, content, filename, , type]) => {
    const name = endOf(filename ?? '')
    const taken = onFile({ field, name, type, content }, fields)
    taken.catch((error: unknown) => {
      content.resume()
      reject(error)
    })
    files.push(taken)
  })
  for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
    form.on(limit, () =>
      reject(new EdgeError('INPUT_INVALID', { field: 'form', found: 'too many parts' })),
    )
  form.on('finish', () => resolve())
  form.on('error', (error) => reject(malformed(error)))
  request.once('error', reject)
  request.once('close', () => {
    if (!request.complete) reject(malformed(undefined))
  })
  request.pipe(form)
  try {
    await whole
    return { fields, files: await Promise.all(files) }
  } catch (error) {
    request.unpipe(form)
    form.destroy()
    request.resume()
    await Promise.allSettled(files)
    throw error
  }
}

/** Of a name that is too long, its end, which says what kind of file it is; no character is cut in two. */
function endOf(name: string): string {
  return name.slice(-FILE_NAME_CHARACTERS_MAX).replace(/^[\udc00-\udfff]/, '')
}

function openForm({ headers }: IncomingMessage): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': headers['content-type'] ?? '' },
      limits: {
        fields: FORM_FIELDS_MAX,
        fieldSize: FORM_FIELD_CHARACTERS_MAX,
        files: FILES_PER_MESSAGE_MAX,
        parts: FORM_FIELDS_MAX + FILES_PER_MESSAGE_MAX,
      },
    })
  } catch (error) {
    throw malformed(error)
  }
}

function malformed(cause: unknown): EdgeError {
  return new EdgeError(
    'INPUT_INVALID',
    { where: 'body', field: 'form', found: 'no whole form', wanted: 'multipart/form-data' },
    { cause },
  )
}
