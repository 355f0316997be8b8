import { test } from 'tap'
import fc from 'fast-check'
import { linesOf, outlineOf, readPreview, previewFields, type Preview } from '#model/preview.ts'
import { PREVIEW_BYTES_MAX } from '#base/limits.ts'
import { trackPreview } from '#media/track.ts'

type Track = Extract<Preview, { kind: 'track' }>

function track(text: string): Track | undefined {
  const found = trackPreview(text)
  return found?.kind === 'track' ? found : undefined
}

const points = (name: string, places: readonly (readonly [number, number])[]): string =>
  places.map(([lat, lon]) => `<${name} lat="${lat}" lon='${lon}'><ele>3</ele></${name}>`).join('\n')

test('a GPX track is a line for each segment, as long as it is on the ground', async (t) => {
  const text = `<?xml version="1.0"?><gpx><trk><trkseg>${points('trkpt', [
    [50, 30],
    [50.01, 30],
    [50.02, 30],
  ])}</trkseg><trkseg>${points('trkpt', [
    [50, 31],
    [50, 31.01],
  ])}</trkseg></trk>${points('wpt', [[1, 1]])}</gpx>`
  const found = track(text)
  const lines = linesOf(found?.outline ?? new Uint8Array(0))

  t.equal(lines.length, 2)
  t.equal(lines[0]?.length, 2, 'a straight line needs no more')
  // 0.02 degrees to the north are 2,224 m, 0.01 to the east at 50 degrees 715 m.
  t.ok(Math.abs((found?.metres ?? 0) - 2_939) < 20, String(found?.metres))
})

test('KML and GeoJSON are read, too; points that stand alone are dots', async (t) => {
  const kml = `<kml><Placemark><LineString><coordinates>30,50,3 30.1,50.1 30.2,50</coordinates></LineString>
    <Point><coordinates>1,1</coordinates></Point></Placemark></kml>`
  t.equal(linesOf(track(kml)?.outline ?? new Uint8Array(0))[0]?.length, 3)
  const gx =
    '<kml><gx:Track><gx:coord>30 50 1</gx:coord><gx:coord>31 51 1</gx:coord></gx:Track></kml>'
  t.equal(linesOf(track(gx)?.outline ?? new Uint8Array(0))[0]?.length, 2)
  const line = { type: 'LineString', coordinates: [[1, 2], [3, 4]] } // prettier-ignore
  const geo = { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: line }] }
  t.equal(linesOf(track(JSON.stringify(geo))?.outline ?? new Uint8Array(0))[0]?.length, 2)
  const dots = { type: 'MultiPoint', coordinates: [[[1, 2]], [[3, 4]]].map((one) => one[0]) }
  t.equal(track(JSON.stringify(dots))?.kind, 'track')
  const alone = ['1,2', '3,4'].map((at) => `<Point><coordinates>${at}</coordinates></Point>`)
  const found = linesOf(track(`<kml>${alone.join('')}</kml>`)?.outline ?? new Uint8Array(0))
  t.strictSame(found.map(({ length }) => length), [1, 1]) // prettier-ignore
})

test('nothing comes of what has no coordinates on earth', async (t) => {
  for (const text of ['', '<gpx/>', '<gpx><trkpt lat="91" lon="0"/></gpx>', '{"type":"Feature"}'])
    t.equal(track(text), undefined, text)
  t.throws(() => track('{"type"'), 'what looks at it is ended by it')
})

test('however long a track, its outline fits, and is near to where it went', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -170, max: 170 })), {
        minLength: 2,
      }),
      (places) => {
        const wide = Array.from(
          { length: 900 },
          (_, at) => places[at % places.length] ?? ([0, 0] as const),
        )
        const found = track(`<gpx><trkseg>${points('trkpt', wide)}</trkseg></gpx>`)
        if (found === undefined) throw new Error('no preview')
        const around = readPreview(previewFields(found))
        t.ok(found.outline.length <= PREVIEW_BYTES_MAX && around !== undefined)
      },
    ),
    { numRuns: 40 },
  )
  const line = [[30, 50], [30.5, 50.25], [31, 50]] as const // prettier-ignore
  for (const [at, [longitude, latitude]] of (linesOf(outlineOf([line]))[0] ?? []).entries()) {
    t.ok(Math.abs(longitude - (line[at]?.[0] ?? 0)) < 0.003)
    t.ok(Math.abs(latitude - (line[at]?.[1] ?? 0)) < 0.002)
  }
})
