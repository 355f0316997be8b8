/** A voice note: recorded where the browser allows a microphone, heard before it is sent. Elsewhere it says why not. */
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { VOICE_BITS_PER_SECOND, VOICE_MS_MAX } from '#web/core/limits.ts'
import { say, times } from '#web/words/words.ts'
import { tell, useDevice } from './context.ts'
import { Icon } from './icons.tsx'

/** What browsers record, and the ending that says so; the first that fits is taken. */
const FORMS = [
  ['audio/webm;codecs=opus', 'weba'],
  ['audio/ogg;codecs=opus', 'ogg'],
  ['audio/mp4', 'm4a'],
] as const
const LOOK_MS = 100

interface Recording {
  /** Ends it; what was said is taken unless `isDropped`. */
  readonly end: (isDropped: boolean) => void
  /** How loud it is now, from 0 to 1. */
  readonly level: () => number
}

/** The button, and while it records what is heard. */
export function Voice({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }): VNode {
  const { isSecure } = useDevice()
  const [recording, setRecording] = useState<Recording>()
  const current = useRef<Recording | undefined>(undefined)
  useEffect(() => () => current.current?.end(true), [])
  const begin = async (): Promise<void> => {
    if (!isSecure) return tell(say('voice.plain'))
    const begun = await record((file) => {
      current.current = undefined
      setRecording(undefined)
      if (file !== undefined) onFiles([file])
    })
    if (begun === undefined) return tell(say('voice.none'))
    current.current = begun
    setRecording(begun)
  }
  if (recording !== undefined) return <Recorder recording={recording} />
  return (
    <button
      type="button"
      class="plain-button"
      aria-label={say('voice.record')}
      onClick={() => void begin()}
    >
      <Icon name="mic" />
    </button>
  )
}

function Recorder({ recording }: { readonly recording: Recording }): VNode {
  const [look, setLook] = useState({ ms: 0, level: 0 })
  useEffect(() => {
    const since = Date.now()
    const timer = setInterval(() => {
      const ms = Date.now() - since
      setLook({ ms, level: recording.level() })
      if (ms >= VOICE_MS_MAX) recording.end(false)
    }, LOOK_MS)
    return () => clearInterval(timer)
  }, [recording])
  return (
    <div class="recorder" role="group" aria-label={say('voice.recording')}>
      <button
        type="button"
        class="plain-button"
        aria-label={say('cancel')}
        onClick={() => recording.end(true)}
      >
        <Icon name="trash" />
      </button>
      <span class="recorder-light" style={{ opacity: `${0.3 + look.level * 0.7}` }} />
      <span class="recorder-time" role="timer">
        {times().clockSpan(look.ms)}
      </span>
      <button
        type="button"
        class="send"
        aria-label={say('voice.end')}
        onClick={() => recording.end(false)}
      >
        <Icon name="stop" />
      </button>
    </div>
  )
}

/** Begins to record; undefined where there is no microphone, or nobody gives leave. */
async function record(onEnd: (file: File | undefined) => void): Promise<Recording | undefined> {
  const form = FORMS.find(([type]) => globalThis.MediaRecorder?.isTypeSupported(type))
  if (form === undefined) return undefined
  const [type, ending] = form
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => undefined)
  if (stream === undefined) return undefined
  const recorder = new MediaRecorder(stream, {
    mimeType: type,
    audioBitsPerSecond: VOICE_BITS_PER_SECOND,
  })
  const { level, close } = listenTo(stream)
  const parts: Blob[] = []
  let isDropped = false
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data))
  recorder.addEventListener('stop', () => {
    for (const track of stream.getTracks()) track.stop()
    close()
    const name = `voice-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${ending}`
    onEnd(isDropped ? undefined : new File(parts, name, { type: type.split(';')[0] ?? type }))
  })
  recorder.start()
  return {
    level,
    end: (dropped) => {
      isDropped = dropped
      if (recorder.state !== 'inactive') recorder.stop()
    },
  }
}

function listenTo(stream: MediaStream): {
  readonly level: () => number
  readonly close: () => void
} {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples)
      return Math.min(1, 2 * Math.max(...samples.map(Math.abs)))
    },
    close: () => void context.close(),
  }
}
