/** The files of a message: pictures as they are, all else as a row to be fetched; what another node has, says so. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { PICTURE_BYTES_MAX, SOUND_BYTES_MAX } from '#web/core/limits.ts'
import type { FileInfo } from '#web/core/wire.ts'
import type { Found } from '#web/state/pictures.ts'
import { say } from '#web/words/words.ts'
import { useApp, useLocking } from './context.ts'
import { Fetching, useFetchable, type Fetchable } from './fetching.tsx'
import { FileWords, isPicture, useAddress } from './file-row.tsx'
import { Guarded } from './guarded.tsx'
import { useLook } from './look.tsx'
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
  const isHeard = isSound({ name: file.name, type: file.mimeType }) && file.size <= SOUND_BYTES_MAX
  const isDrawn = isPicture(file.mimeType) && file.size <= PICTURE_BYTES_MAX
  const found = useFound(file, isHeard || isDrawn)
  const blob = found?.kind === 'here' ? found.blob : undefined
  if (isHeard && blob !== undefined)
    return (
      <li>
        <Sound blob={blob} name={file.name} />
      </li>
    )
  if (found !== undefined && found.kind !== 'here')
    return (
      <li>
        <AbsentFile file={file} isGuarded={isGuarded} found={found} />
      </li>
    )
  return (
    <li>
      {isDrawn || file.look === 'picture' ? (
        <Picture file={file} isGuarded={isGuarded} whole={blob} isDrawn={isDrawn} />
      ) : (
        <FileRow file={file} isGuarded={isGuarded} />
      )}
    </li>
  )
}

/** Where it is, asked again when that may have changed. */
function useFound({ id }: FileInfo, isShown: boolean): Found | undefined {
  const { pictures, store } = useApp()
  const [found, setFound] = useState<Found>()
  const hasCome = useComputed(() => store.arriving.value.get(id)?.isHere === true).value
  useEffect(() => {
    let isGone = false
    const look = async (): Promise<void> => {
      const now = await (isShown ? pictures.fetch(id) : pictures.find(id))
      if (!isGone) setFound(now)
    }
    void look()
    return () => {
      isGone = true
    }
  }, [id, isShown, hasCome, store.round.value, store.connection.value])
  return found
}

/** A picture that is here; what it looks like stands in its place until its bytes have come, and where they are too many. */
function Picture(
  props: FileProps & { readonly whole: Blob | undefined; readonly isDrawn: boolean },
): VNode {
  const { file, isGuarded, whole, isDrawn } = props
  const [isOpen, setOpen] = useState(false)
  const look = useLook(file, !isDrawn)
  const address = useAddress(whole) ?? look
  const size = sizeOf(file)
  const shown = (picture: VNode): VNode => (isGuarded ? <Guarded>{picture}</Guarded> : picture)
  return (
    <>
      <button
        type="button"
        class="file-picture"
        data-whole={String(whole !== undefined)}
        aria-label={say('files.open', { name: file.name })}
        onClick={() => setOpen(true)}
      >
        {address !== undefined && shown(<img src={address} alt="" {...size} />)}
      </button>
      {isOpen && (
        <Sheet title={file.name} onClose={() => setOpen(false)}>
          {shown(<img class="file-whole" src={address} alt={file.name} {...size} />)}
          <FileRow file={file} isGuarded={isGuarded} />
        </Sheet>
      )}
    </>
  )
}

/** A file whose bytes are on another node: what it looks like, and what it takes to have more of it come. */
function AbsentFile(
  props: FileProps & { readonly found: Exclude<Found, { kind: 'here' }> },
): VNode {
  const { file, found, isGuarded } = props
  const fetchable = useFetchable(file, found.kind === 'elsewhere')
  const address = useLook(file, fetchable.isSmallHere)
  const [isOpen, setOpen] = useState(false)
  const shown = (picture: VNode): VNode => (isGuarded ? <Guarded>{picture}</Guarded> : picture)
  const size = sizeOf(file)
  return (
    <div class="file-card" data-absent="true">
      {address !== undefined && (
        <button
          type="button"
          class="file-picture"
          data-look={file.look}
          aria-label={say('files.open', { name: file.name })}
          onClick={() => setOpen(true)}
        >
          {shown(<img src={address} alt="" {...size} />)}
        </button>
      )}
      <div class="file-facts">
        <FileWords name={file.name} size={file.size}>
          <span class="doubt">
            {' · '}
            {whereWords(found, fetchable)}
          </span>
        </FileWords>
      </div>
      {found.kind === 'elsewhere' && <Fetching file={file} fetchable={fetchable} />}
      {isOpen && (
        <Sheet title={file.name} onClose={() => setOpen(false)}>
          {shown(<img class="file-whole" src={address} alt={file.name} {...size} />)}
        </Sheet>
      )}
    </div>
  )
}

function whereWords(found: Exclude<Found, { kind: 'here' }>, { ways }: Fetchable): string {
  if (found.kind !== 'elsewhere') return say('files.away')
  return ways?.isLost === true ? say('files.lost') : say('files.onlyOn', { node: found.node })
}

/** For the browser to keep its place before it has come. */
function sizeOf({ width, height }: FileInfo): { width?: number; height?: number } {
  return width > 0 && height > 0 ? { width, height } : {}
}

/** To be downloaded, or to be looked at only. */
function FileRow({ file, isGuarded }: FileProps): VNode {
  const address = useLook(file, false)
  const picture = file.look === 'sound' ? undefined : address
  if (isGuarded)
    return (
      <div class="file-card">
        <FileWords name={file.name} size={file.size} picture={picture}>
          {` · ${say('files.viewOnly')}`}
        </FileWords>
      </div>
    )
  return (
    <a class="file-card" href={`/api/v4/files/${file.id}?download=1`} download={file.name}>
      <FileWords name={file.name} size={file.size} picture={picture}>
        {` · ${say('files.download')}`}
      </FileWords>
    </a>
  )
}
