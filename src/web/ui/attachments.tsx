/** Files in the composer: chosen, dropped, pasted or photographed; shown before they go. */
import type { RefObject, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { FILE_BYTES_MAX, FILES_PER_MESSAGE_MAX } from '#base/limits.ts'
import type { WaitingFile } from '#web/core/uploading.ts'
import type { App } from '#web/state/app.ts'
import { say, times } from '#web/words/words.ts'
import { tell, useApp } from './context.ts'
import { FileWords, isPicture, useAddress } from './file-row.tsx'
import { Icon, type IconName } from './icons.tsx'
import { isSound, Sound } from './sound.tsx'

type Take = (files: Iterable<File>) => void

/** Takes files into a draft, and says of each that does not fit why. */
export function taking(app: App, at: string): Take {
  const take = async (files: readonly File[]): Promise<void> => {
    const notTaken = await app.attaching.add(at, files)
    const gaps = { n: FILES_PER_MESSAGE_MAX, bytes: times().bytes(FILE_BYTES_MAX) }
    const words = notTaken.map(({ name, why }) => say(`unfit.${why}`, { ...gaps, name }))
    if (words.length > 0) tell(words.join(' '))
    else if (!app.shelf.areFilesLasting && files.length > 0) tell(say('files.memory'))
  }
  return (files) => void take([...files])
}

/** What is dropped anywhere on the conversation is taken, and what is pasted. Gives whether something hangs over it. */
export function useDropping(form: RefObject<HTMLElement | null>, take: Take): boolean {
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const area = form.current?.parentElement
    if (!area) return
    const stop = new AbortController()
    const { signal } = stop
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent): void => {
      if (!(event.relatedTarget instanceof Node && area.contains(event.relatedTarget)))
        setOver(false)
    }
    const drop = (event: DragEvent): void => {
      setOver(false)
      const files = event.dataTransfer?.files
      if (files === undefined || files.length === 0) return
      event.preventDefault()
      take(files)
    }
    const paste = (event: ClipboardEvent): void => {
      const data = event.clipboardData
      // Offices put a picture beside what they copy: then the words are meant.
      if (data === null || data.files.length === 0 || data.types.includes('text/plain')) return
      event.preventDefault()
      take(data.files)
    }
    area.addEventListener('dragover', over, { signal })
    area.addEventListener('dragleave', leave, { signal })
    area.addEventListener('drop', drop, { signal })
    area.addEventListener('paste', paste, { signal })
    return () => stop.abort()
  })
  return isOver
}

/** The buttons: any file, and on phones the camera. */
export function AttachButtons({ onFiles }: { readonly onFiles: Take }): VNode {
  const hasCamera = matchMedia('(pointer: coarse)').matches
  return (
    <>
      <Picker icon="clip" label={say('files.choose')} onFiles={onFiles} />
      {hasCamera && <Picker icon="camera" label={say('files.camera')} isCamera onFiles={onFiles} />}
    </>
  )
}

function Picker(props: {
  readonly icon: IconName
  readonly label: string
  readonly isCamera?: boolean
  readonly onFiles: Take
}): VNode {
  const { isCamera = false } = props
  return (
    <label class="file-picker">
      <span class="unseen">{props.label}</span>
      <Icon name={props.icon} />
      <input
        type="file"
        title={props.label}
        multiple={!isCamera}
        {...(isCamera ? { accept: 'image/*', capture: 'environment' as const } : {})}
        onChange={({ currentTarget }) => {
          props.onFiles(currentTarget.files ?? [])
          currentTarget.value = ''
        }}
      />
    </label>
  )
}

/** What goes with the message. */
export function Attachments(props: {
  readonly at: string
  readonly withPlace: boolean
  readonly setWithPlace: (withPlace: boolean) => void
}): VNode | null {
  const { attaching } = useApp()
  const files = attaching.of(props.at).value
  if (files.length === 0) return null
  return (
    <div class="attachments">
      <ul aria-label={say('files.waiting')}>
        {files.map((file) => (
          <li key={file.key} class="file-card">
            <WaitingFileWords file={file} />
            <button
              type="button"
              class="plain-button"
              aria-label={say('files.remove', { name: file.name })}
              onClick={() => void attaching.remove(props.at, file.key)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      {files.some(({ place }) => place === 'removable') && (
        <label class="check">
          <input
            type="checkbox"
            checked={props.withPlace}
            onChange={({ currentTarget }) => props.setWithPlace(currentTarget.checked)}
          />
          <span>{say('files.place')}</span>
        </label>
      )}
    </div>
  )
}

/** The files of a message that is on this device, and how far each has come. */
export function WaitingFiles({ files }: { readonly files: readonly WaitingFile[] }): VNode | null {
  if (files.length === 0) return null
  return (
    <ul class="files" aria-label={say('files.label')}>
      {files.map((file) => (
        <li key={file.key} class="file-card">
          <WaitingFileWords file={file} />
          {file.sent > 0 && (
            <progress
              max={file.size}
              value={file.sent}
              aria-label={say('files.sent', {
                done: times().bytes(file.sent),
                bytes: times().bytes(file.size),
              })}
            />
          )}
        </li>
      ))}
    </ul>
  )
}

function WaitingFileWords({ file }: { readonly file: WaitingFile }): VNode {
  const { attaching } = useApp()
  const [blob, setBlob] = useState<Blob>()
  useEffect(() => {
    if (isPicture(file.type) || isSound(file)) void attaching.read(file.key).then(setBlob)
  }, [file.key])
  const address = useAddress(blob)
  if (blob !== undefined && isSound(file)) return <Sound blob={blob} name={file.name} />
  return (
    <FileWords name={file.name} size={file.size} picture={address}>
      {file.place === 'perhaps' && <span class="doubt"> · {say('files.perhaps')}</span>}
    </FileWords>
  )
}
