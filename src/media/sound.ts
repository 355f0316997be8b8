/** How a sound is shown: how long it is, and how loud where it can be read. By its first bytes, as names are only what somebody said. */
import type { Preview } from '#model/preview.ts'
import { flacPreview, mp4Preview } from './lengths.ts'
import { wavePreview } from './wave.ts'

/** The preview of a sound; undefined when nothing can be read, or it is a film. */
export async function soundLook(bytes: Uint8Array): Promise<Preview | undefined> {
  const head = Buffer.from(bytes.subarray(0, 8)).toString('latin1')
  if (head.startsWith('RIFF')) return wavePreview(bytes)
  if (head.startsWith('fLaC')) return flacPreview(bytes)
  if (head.endsWith('ftyp')) return mp4Preview(bytes)
  // Decoders are loaded for what needs them.
  if (head.startsWith('OggS')) return (await import('./ogg.ts')).oggPreview(bytes)
  if (!head.startsWith('\u{1a}\u{45}\u{df}\u{a3}'))
    return (await import('./mp3.ts')).mp3Preview(bytes)
  const sound = (await import('./webm.ts')).webmSound(bytes)
  return sound && (await import('./opus.ts')).opusPreview(sound)
}
