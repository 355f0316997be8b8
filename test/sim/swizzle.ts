/**
 * Swizzling (the word is FoundationDB's): one after another, in a random order, links fall silent, each way for itself, and later
 * they come back one by one in another order. Between them lies every partition there is, one-sided ones above all.
 */
import type { Chance } from './chance.ts'
import { often, pairs, postMembers, type Scene, type Stage } from './scene.ts'

/** One way of one link. */
interface Way {
  readonly mute: () => void
  readonly unmute: () => void
}

const MINUTE_MS = 60_000
const GAP_MS_MAX = MINUTE_MS
/** Some ways are left alone. */
const MUTED_WAYS = 0.7

/** Swizzles all links of a scene now and then. */
export function swizzle(scene: Scene, chance: Chance): void {
  const { timeline, marks } = scene.stage
  often(
    scene,
    () => chance.between(10 * MINUTE_MS, 120 * MINUTE_MS),
    () => {
      marks.count('network.swizzled')
      const ways = waysOf(scene.stage).filter(() => chance.happens(MUTED_WAYS))
      let atMs = 0
      const later = (act: () => void): void => {
        atMs += chance.between(0, GAP_MS_MAX)
        timeline.after(atMs, act, scene.phase)
      }
      for (const way of shuffled(ways, chance)) later(way.mute)
      atMs += chance.between(0, 20 * MINUTE_MS)
      for (const way of shuffled(ways, chance)) later(way.unmute)
    },
  )
}

/** All links carry both ways again. */
export function unmuteAll(stage: Stage): void {
  for (const way of waysOf(stage)) way.unmute()
}

function waysOf(stage: Stage): readonly Way[] {
  const { lan, post } = stage
  const cables = pairs(stage).flatMap(([a, b]) =>
    [[a.id, b.id] as const, [b.id, a.id] as const].map(([from, to]) => ({
      mute: () => lan.mute(from, to),
      unmute: () => lan.unmute(from, to),
    })),
  )
  const visits = postMembers(stage).flatMap(({ id }) =>
    (['there', 'back'] as const).map((way) => ({
      mute: () => post.mute(id, way),
      unmute: () => post.unmute(id, way),
    })),
  )
  return [...cables, ...visits]
}

function shuffled<T>(list: readonly T[], chance: Chance): readonly T[] {
  return list
    .map((item) => ({ item, place: chance.below(2 ** 32) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
