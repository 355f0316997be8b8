/** The files of a message: a name and a size, to be fetched when somebody asks. */
import type { VNode } from 'preact'
import type { FileInfo } from '#web/core/wire.ts'
import { say, times } from '#web/words/words.ts'
import { Icon } from './icons.tsx'

/** The list. */
export function Files({ files }: { readonly files: readonly FileInfo[] }): VNode | null {
  if (files.length === 0) return null
  return (
    <ul class="files" aria-label={say('files.label')}>
      {files.map((file) => (
        <li key={file.id}>
          <a href={`/api/v4/files/${file.id}?download=1`} download={file.name}>
            <Icon name="clip" />
            <span dir="auto">{file.name}</span>
            <small>{times().bytes(file.size)}</small>
          </a>
        </li>
      ))}
    </ul>
  )
}
