/**
 * The outline of a track: the lines of a GPX, KML or GeoJSON file, with as few points as show where it goes (Douglas and Peucker 1973).
 * Files are read for their coordinates alone: what else is wrong with them does not matter.
 */
import { outlineOf, PREVIEW_NUMBER_MAX, type Line, type Preview } from '#model/preview.ts'
import { OUTLINE_LINES_MAX, OUTLINE_POINTS, TRACK_POINTS_MAX } from './limits.ts'

type Point = readonly [longitude: number, latitude: number]

const EARTH_METRES = 6_371_000
/** How often the tolerance is doubled until few points are left. */
const TRIES_MAX = 48

/** The preview of a track; undefined when there are no lines in it. */
export function trackPreview(text: string): Preview | undefined {
  const all = /^\s*\{/.test(text.slice(0, 64)) ? linesOfGeoJson(text) : linesOfXml(text)
  const lines = all
    .map((line) => line.filter(isOnEarth))
    .filter(({ length }) => length > 0)
    .toSorted((a, b) => b.length - a.length)
  if (lines.length === 0) return undefined
  const long = lines.reduce((sum, line) => sum + lengthOf(line), 0)
  const metres = Math.min(PREVIEW_NUMBER_MAX, Math.round(long))
  const isPoints = lines.every(({ length }) => length === 1)
  return { kind: 'track', metres, outline: outlineOf(isPoints ? some(lines) : few(lines)) }
}

function isOnEarth([longitude, latitude]: Point): boolean {
  return Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90
}

/** One line for each `trkseg`, `rte` and `LineString`; without any, points that stand alone. */
function linesOfXml(text: string): readonly Line[] {
  const lines: Point[][] = []
  const alone: Point[] = []
  let line: Point[] = []
  let points = 0
  const tag =
    /<(?:[\w-]+:)?(trkseg|rte|trkpt|rtept|wpt|coordinates|coord|Track|LineString|LinearRing|Point)\b([^<>]*)>([^<]*)/g
  for (const [, name, attributes = '', content = ''] of text.matchAll(tag)) {
    if (points > TRACK_POINTS_MAX) break
    if (name === 'trkpt' || name === 'rtept' || name === 'wpt') {
      const point = pointOf(attributes)
      if (point !== undefined) (name === 'wpt' ? alone : line).push(point)
      points += 1
    } else if (name === 'coordinates') {
      const found = coordinatesOf(content, /\s+/)
      points += found.length
      if (found.length === 1) alone.push(...found)
      else lines.push(found)
    } else if (name === 'coord') line.push(...coordinatesOf(content, /$/))
    else lines.push((line = []))
  }
  if (line.length > 0 && !lines.includes(line)) lines.push(line)
  return linesOr(lines, alone)
}

function pointOf(attributes: string): Point | undefined {
  const longitude = /\blon\s*=\s*["']\s*([^"']{1,40})["']/.exec(attributes)?.[1]
  const latitude = /\blat\s*=\s*["']\s*([^"']{1,40})["']/.exec(attributes)?.[1]
  return numbers(longitude, latitude)
}

/** `longitude,latitude,height`, or with spaces between them. */
function coordinatesOf(text: string, between: RegExp): Point[] {
  return text
    .trim()
    .split(between)
    .flatMap((one) => {
      const [longitude, latitude] = one.split(/[,\s]+/)
      const point = numbers(longitude, latitude)
      return point === undefined ? [] : [point]
    })
}

function numbers(longitude: unknown, latitude: unknown): Point | undefined {
  if (longitude === undefined || latitude === undefined || longitude === '' || latitude === '')
    return undefined
  const point = [Number(longitude), Number(latitude)] as const
  return point.every(Number.isFinite) ? point : undefined
}

/** Every list of points is a line; without any, points that stand alone. */
function linesOfGeoJson(text: string): readonly Line[] {
  const lines: Line[] = []
  const alone: Point[] = []
  const waiting: unknown[] = [JSON.parse(text)]
  let seen = 0
  while (waiting.length > 0 && seen < TRACK_POINTS_MAX) {
    const next = waiting.pop()
    seen += 1
    if (Array.isArray(next)) {
      const items = next as readonly unknown[]
      const point = typeof items[0] === 'number' ? numbers(items[0], items[1]) : undefined
      if (point !== undefined) alone.push(point)
      else if (items.every((item) => Array.isArray(item) && typeof item[0] === 'number')) {
        const line = (items as readonly unknown[][]).flatMap((one) => {
          const found = numbers(one[0], one[1])
          return found === undefined ? [] : [found]
        })
        seen += line.length
        lines.push(line)
      } else for (const item of items) waiting.push(item)
    } else if (typeof next === 'object' && next !== null) {
      const { features, geometry, geometries, coordinates } = next as Record<string, unknown>
      waiting.push(features, geometry, geometries, coordinates)
    }
  }
  return linesOr(lines, alone)
}

function linesOr(lines: readonly Line[], alone: Line): readonly Line[] {
  if (lines.some(({ length }) => length > 1)) return lines
  return [...lines.flat(), ...alone].map((point) => [point])
}

/** So many points as an outline has, of the longest lines. */
function few(lines: readonly Line[]): readonly Line[] {
  const chosen = lines.slice(0, OUTLINE_LINES_MAX)
  const width = extent(chosen)
  let tolerance = width / 1_024
  let thin = chosen.map((line) => simplified(line, tolerance))
  for (let tries = 0; tries < TRIES_MAX && countOf(thin) > OUTLINE_POINTS; tries += 1) {
    tolerance *= 1.5
    thin = thin.map((line) => simplified(line, tolerance))
  }
  return countOf(thin) <= OUTLINE_POINTS ? thin : thin.slice(0, 2).map(some)
}

/** Some of them, evenly. */
function some<T>(all: readonly T[]): readonly T[] {
  const step = Math.ceil(all.length / (OUTLINE_POINTS / 2))
  return all.filter((_, index) => index % step === 0)
}

function countOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { length }) => sum + length, 0)
}

function extent(lines: readonly Line[]): number {
  let [west, south, east, north] = [180, 90, -180, -90]
  for (const [longitude, latitude] of lines.flat()) {
    west = Math.min(west, longitude)
    east = Math.max(east, longitude)
    south = Math.min(south, latitude)
    north = Math.max(north, latitude)
  }
  return Math.max(east - west, north - south, 1e-6)
}

/** Without the points that lie within a tolerance of what is left; with a stack of its own, since lines may be long. */
function simplified(line: Line, tolerance: number): Line {
  const isKept = new Uint8Array(line.length)
  isKept[0] = 1
  isKept[line.length - 1] = 1
  const waiting: (readonly [number, number])[] = [[0, line.length - 1]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [first, last] = next
    const far = farthest(line, first, last)
    if (far.distance <= tolerance) continue
    isKept[far.at] = 1
    waiting.push([first, far.at], [far.at, last])
  }
  return line.filter((_, index) => isKept[index] === 1)
}

function farthest(
  line: Line,
  first: number,
  last: number,
): { readonly at: number; readonly distance: number } {
  const [ax, ay] = line[first] ?? [0, 0]
  const [bx, by] = line[last] ?? [0, 0]
  const long = Math.hypot(bx - ax, by - ay)
  let found = { at: first, distance: 0 }
  for (let at = first + 1; at < last; at += 1) {
    const [x, y] = line[at] ?? [0, 0]
    const distance =
      long === 0
        ? Math.hypot(x - ax, y - ay)
        : Math.abs((by - ay) * (x - ax) - (bx - ax) * (y - ay)) / long
    if (distance > found.distance) found = { at, distance }
  }
  return found
}

/** Along the line, on a sphere. */
function lengthOf(line: Line): number {
  let metres = 0
  for (const [index, to] of line.entries()) {
    const from = line[index - 1]
    if (from === undefined) continue
    const [a, b] = [radians(from[1]), radians(to[1])]
    const east = radians(to[0] - from[0]) * Math.cos((a + b) / 2)
    metres += EARTH_METRES * Math.hypot(b - a, east)
  }
  return metres
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
