/** Every reader of bytes from outside. */
import type { Target } from './target.ts'
import { CODEC_TARGETS } from './targets/codec.ts'
import { COURIER_TARGETS } from './targets/courier.ts'
import { DICTIONARY_TARGETS } from './targets/dictionary.ts'
import { DOOR_TARGETS } from './targets/door.ts'
import { FILE_TARGETS } from './targets/files.ts'
import { FRAME_TARGETS } from './targets/frames.ts'
import { INSIDER_TARGETS } from './targets/insider.ts'
import { MEETING_TARGETS } from './targets/meeting.ts'
import { POST_OFFICE_TARGETS } from './targets/post-office.ts'

/** All of them. */
export const TARGETS: readonly Target[] = [
  ...CODEC_TARGETS,
  ...DICTIONARY_TARGETS,
  ...MEETING_TARGETS,
  ...POST_OFFICE_TARGETS,
  ...FILE_TARGETS,
  ...COURIER_TARGETS,
  ...FRAME_TARGETS,
  ...DOOR_TARGETS,
  ...INSIDER_TARGETS,
]
