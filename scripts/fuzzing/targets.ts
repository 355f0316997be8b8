/** Every reader of bytes from outside. */
import type { Target } from './target.ts'
import { CODEC_TARGETS } from './targets/codec.ts'
import { INSIDER_TARGETS } from './targets/insider.ts'

/** All of them. */
export const TARGETS: readonly Target[] = [...CODEC_TARGETS, ...INSIDER_TARGETS]
