/** Previews that are no picture, drawn: how loud a sound is, and where a track goes. SVG of nothing but numbers. */
import { linesOf, type Line, type Preview } from '#model/preview.ts'

/** A picture and its media type. */
export interface Drawn {
  readonly type: 'image/webp' | 'image/svg+xml'
  readonly bytes: Uint8Array
}

const SIDE = 320
const EDGE = 10
const SOUND_HEIGHT = 96
/** Colour that shows on light and on dark. */
const COLOUR = '#3b82c4'

/** The preview as a picture. */
export function drawnOf(preview: Preview): Drawn {
  switch (preview.kind) {
    case 'picture':
    case 'pages':
      return { type: 'image/webp', bytes: preview.image }
    case 'sound':
      return svg(SIDE, SOUND_HEIGHT, soundPath(preview.levels))
    case 'track':
      return trackDrawn(linesOf(preview.outline))
  }
}

function svg(width: number, height: number, path: string): Drawn {
  const look = `fill="none" stroke="${COLOUR}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"`
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><path d="${path}" ${look}/></svg>`
  return { type: 'image/svg+xml', bytes: new Uint8Array(Buffer.from(text)) }
}

/** A bar for each level. */
function soundPath(levels: Uint8Array): string {
  // Nobody could read how loud it is: a line, as long as any.
  if (levels.length === 0) return `M${EDGE} ${SOUND_HEIGHT / 2}H${SIDE - EDGE}`
  const step = (SIDE - 2 * EDGE) / Math.max(1, levels.length)
  return Array.from(levels, (level, index) => {
    const x = round(EDGE + (index + 0.5) * step)
    const half = round(Math.max(0.5, (level / 255) * (SOUND_HEIGHT / 2 - EDGE)))
    return `M${x} ${round(SOUND_HEIGHT / 2 - half)}v${round(2 * half)}`
  }).join('')
}

/** As a map has it: north is up, and a step to the east as long as one to the north. */
function trackDrawn(lines: readonly Line[]): Drawn {
  const points = lines.flat()
  const longitudes = points.map(([longitude]) => longitude)
  const latitudes = points.map(([, latitude]) => latitude)
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)]
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)]
  if (points.length === 0) return svg(SIDE, SIDE, '')
  const narrow = Math.max(0.01, Math.cos((((south + north) / 2) * Math.PI) / 180))
  const [wide, high] = [(east - west) * narrow, north - south]
  const scale = (SIDE - 2 * EDGE) / Math.max(wide, high, 1e-9)
  const path = lines.map((line) => {
    const places = line.map(
      ([longitude, latitude]) =>
        `${round(EDGE + (longitude - west) * narrow * scale)} ${round(EDGE + (north - latitude) * scale)}`,
    )
    // A point that stands alone is a dot.
    return places.length === 1 ? `M${places[0]}h0` : `M${places.join('L')}`
  })
  const side = (length: number): number => Math.ceil(length * scale + 2 * EDGE)
  return svg(side(wide), side(high), path.join(''))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
