/** What everybody who speaks the format must have before the first byte: texts of the compressors, words behind numbers. */
import { hexFromBytes } from '#base/bytes.ts'
import { DICTIONARY_TEXT } from '#codec/dictionary-text.ts'
import { sampleBodies } from '#codec/mixing-text.ts'
import { SCRIPT_TEXT } from '#codec/script-text.ts'
import {
  AUDIT_FACTS,
  DEEDS,
  REASONS,
  REFUSABLE,
  RESULTS,
  SUBJECT_KINDS,
} from '#model/audit-words.ts'

/** `texts.json`: the base dictionary as text, and what the mixing coder has read before and behind it. */
export function textVectors(): Readonly<Record<string, unknown>> {
  return {
    scripts: SCRIPT_TEXT,
    dictionary: DICTIONARY_TEXT,
    sampleBodies: sampleBodies().map(hexFromBytes),
  }
}

/** `words.json`: what the numbers in an audit's entries stand for, from 0. */
export function wordVectors(): Readonly<Record<string, unknown>> {
  return {
    deeds: DEEDS,
    results: RESULTS,
    subjects: SUBJECT_KINDS,
    facts: AUDIT_FACTS,
    reasons: REASONS,
    actions: REFUSABLE,
  }
}
