/** A sound to be heard where it stands: its shape, and a button to play it. */
import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { peaksOf } from '#web/core/peaks.ts'
import { say, times } from '#web/words/words.ts'
import { useAddress } from './file-row.tsx'
import { Icon } from './icons.tsx'

const BARS = 40

/** What is played here; of anything else only the name is shown. */
export function isSound(file: { readonly name: string; readonly type: string }): boolean {
  return file.type.startsWith('audio/') || /\.(?:weba|ogg|opus|m4a|mp3|wav)$/i.test(file.name)
}

interface Shape {
  readonly peaks: readonly number[]
  readonly ms: number
}

/** The player of a sound that is here. */
export function Sound({ blob, name }: { readonly blob: Blob; readonly name: string }): VNode {
  const shape = useShape(blob)
  const address = useAddress(blob)
  const audio = useRef<HTMLAudioElement>(null)
  const [isPlaying, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const turn = (): void => {
    const { current } = audio
    if (current === null) return
    if (isPlaying) current.pause()
    else void current.play().catch(() => setPlaying(false))
  }
  const done = shape === undefined || shape.ms === 0 ? 0 : (at * 1_000) / shape.ms
  return (
    <div class="sound">
      <button
        type="button"
        class="plain-button"
        aria-label={say(isPlaying ? 'voice.pause' : 'voice.play', { name })}
        onClick={turn}
      >
        <Icon name={isPlaying ? 'pause' : 'play'} />
      </button>
      <Bars peaks={shape?.peaks ?? []} done={done} />
      <span class="quiet">{shape !== undefined && times().clockSpan(shape.ms)}</span>
      <audio
        ref={audio}
        src={address}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setAt(0)}
        onTimeUpdate={({ currentTarget }) => setAt(currentTarget.currentTime)}
      />
    </div>
  )
}

/** The shape of a sound; what was heard of it stands out. Decoration: a player says what it is. */
function Bars(props: { readonly peaks: readonly number[]; readonly done: number }): VNode {
  return (
    <svg
      class="sound-bars"
      viewBox={`0 0 ${BARS * 4} 32`}
      aria-hidden="true"
      preserveAspectRatio="none"
    >
      {Array.from({ length: BARS }, (_, bar) => {
        const height = Math.max(2, (props.peaks[bar] ?? 0) * 28)
        return (
          <rect
            key={bar}
            class={bar / BARS < props.done ? 'heard' : undefined}
            x={bar * 4}
            y={16 - height / 2}
            width="2.5"
            height={height}
            rx="1"
          />
        )
      })}
    </svg>
  )
}

/** Its shape, once the browser has made sense of it; none where it cannot. */
function useShape(blob: Blob): Shape | undefined {
  const [shape, setShape] = useState<Shape>()
  useEffect(() => {
    let isGone = false
    const read = async (): Promise<void> => {
      const bytes = await blob.arrayBuffer()
      // It plays nothing, and so needs nobody's leave.
      const sound = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(bytes)
      const peaks = peaksOf(sound.getChannelData(0), BARS)
      if (!isGone) setShape({ peaks, ms: sound.duration * 1_000 })
    }
    void read().catch(() => undefined)
    return () => {
      isGone = true
    }
  }, [blob])
  return shape
}
