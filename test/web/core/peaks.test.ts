import { test } from 'tap'
import { peaksOf } from '#web/core/peaks.ts'

test('each bar is as high as the loudest moment of its part', async (t) => {
  t.strictSame(peaksOf(Float32Array.of(0, 0.25, -0.5, 0.125), 2), [0.5, 1])
  t.strictSame(peaksOf(Float32Array.of(0, 0, 0), 3), [0, 0, 0], 'silence')
  t.strictSame(peaksOf(Float32Array.of(0.5), 4), [1, 0, 0, 0], 'fewer samples than bars')
  t.strictSame(peaksOf(new Float32Array(0), 2), [0, 0])
})
