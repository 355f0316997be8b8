/** The files of a message: pictures as they are, all else as a row to be fetched; what another node has, says so. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { PICTURE_BYTES_MAX, SOUND_BYTES_MAX } from '#web/core/limits.ts'
import type { FileInfo } from '#web/core/wire.ts'
import type { Found } from '#web/state/pictures.ts'
import { say } from '#web/words/words.ts'
import { useApp, useLocking } from './context.ts'
import { Fetching } from './fetching.tsx'
import { FileWords, isPicture, useAddress } from './file-row.tsx'
import { Guarded } from './guarded.tsx'
import { Sheet } from './sheet.tsx'
import { isSound, Sound } from './sound.tsx'

/** The list. */
export function Files(props: {
  readonly files: readonly FileInfo[]
  /** To be looked at only: there is no way to download it. */
  readonly isGuarded?: boolean
}): VNode | null {
  const { files } = props
  const isGuarded = useLocking().policy.value.viewsOnly || props.isGuarded === true
  if (files.length === 0) return null
  return (
    <ul class="files" aria-label={say('files.label')}>
      {files.map((file) => (
        <OneFile key={file.id} file={file} isGuarded={isGuarded} />
      ))}
    </ul>
  )
}

interface FileProps {
  readonly file: FileInfo
  readonly isGuarded: boolean
}

function OneFile({ file, isGuarded }: FileProps): VNode {
  const { pictures, store } = useApp()
  const isHeard = isSound({ name: file.name, type: file.mimeType }) && file.size <= SOUND_BYTES_MAX
  const isShown = isHeard || (isPicture(file.mimeType) && file.size <= PICTURE_BYTES_MAX)
  const [found, setFound] = useState<Found>()
  const hasCome = useComputed(() => store.arriving.value.get(file.id)?.isHere === true).value
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    let isGone = false
    const look = async (): Promise<void> => {
      const now = await (isShown ? pictures.fetch(file.id) : pictures.find(file.id))
      if (!isGone) setFound(now)
    }
    void look()
    return () => {
      isGone = true
    }
  }, [file.id, isShown, hasCome, store.round.value, store.connection.value])
  const address = useAddress(found?.kind === 'here' ? found.blob : undefined)
  const isAbsent = found !== undefined && found.kind !== 'here'
  if (!isShown || isAbsent)
    return (
      <li>
        <FileRow file={file} isGuarded={isGuarded} found={found} />
      </li>
    )
  if (isHeard && found?.kind === 'here' && found.blob !== undefined)
    return (
      <li>
        <Sound blob={found.blob} name={file.name} />
      </li>
    )
  const shown = (picture: VNode): VNode => (isGuarded ? <Guarded>{picture}</Guarded> : picture)
  const words = <FileRow file={file} isGuarded={isGuarded} found={found} />
  return (
    <li>
      <button
        type="button"
        class="file-picture"
        aria-label={say('files.open', { name: file.name })}
        onClick={() => setOpen(true)}
      >
        {address !== undefined && shown(<img src={address} alt="" />)}
      </button>
      {isOpen && (
        <Sheet title={file.name} onClose={() => setOpen(false)}>
          {shown(<img class="file-whole" src={address} alt={file.name} />)}
          {words}
        </Sheet>
      )}
    </li>
  )
}

function FileRow(props: FileProps & { readonly found: Found | undefined }): VNode {
  const { file, found, isGuarded } = props
  if (found === undefined || found.kind === 'here')
    return isGuarded ? (
      <div class="file-card">
        <FileWords name={file.name} size={file.size}>
          {` · ${say('files.viewOnly')}`}
        </FileWords>
      </div>
    ) : (
      <a class="file-card" href={`/api/v4/files/${file.id}?download=1`} download={file.name}>
        <FileWords name={file.name} size={file.size}>
          {` · ${say('files.download')}`}
        </FileWords>
      </a>
    )
  return (
    <div class="file-card">
      <FileWords name={file.name} size={file.size}>
        <span class="doubt">
          {' · '}
          {found.kind === 'elsewhere'
            ? say('files.onlyOn', { node: found.node })
            : say('files.away')}
        </span>
      </FileWords>
      {found.kind === 'elsewhere' && <Fetching file={file} />}
    </div>
  )
}
