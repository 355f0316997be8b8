/** What a file looks like while its bytes are elsewhere or on their way: what came with its message, or the best picture of it that is here. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { FileInfo } from '#web/core/wire.ts'
import { useApp } from './context.ts'
import { useAddress } from './file-row.tsx'

/** An address for it; undefined when nothing is known of how it looks. `isBest` asks the node for the best it has. */
export function useLook(file: FileInfo, isBest: boolean): string | undefined {
  const { pictures } = useApp()
  const tiny = useMemo(() => blobOf(file.tiny), [file.tiny])
  const [asked, setAsked] = useState<Blob>()
  const as = isBest ? 'preview' : 'thumbnail'
  const isAsked = Boolean(file.look) && (isBest || tiny === undefined)
  useEffect(() => {
    let isGone = false
    const load = async (): Promise<void> => {
      const blob = await pictures.look(file.id, as)
      if (!isGone && blob !== undefined) setAsked(blob)
    }
    if (isAsked) void load()
    return () => {
      isGone = true
    }
  }, [pictures, file.id, as, isAsked])
  return useAddress(asked ?? tiny)
}

function blobOf(base64: string): Blob | undefined {
  if (!base64) return undefined
  try {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
    return new Blob([bytes], { type: 'image/webp' })
  } catch {
    return undefined
  }
}
