/** Many numbers in few. */

/** 0 of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** The middle of the values; of an even count the upper one. 0 of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value that a share `at` of all values does not exceed. 0 of none. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? 0
}

/** With so many digits behind the point. */
export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits))
}
