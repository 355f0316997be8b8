/** Text that does not compress well. */
export function noise(seed: number, characters: number): string {
  let state = seed * 7_919 + 1
  const letter = (): string => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return String.fromCharCode(33 + (Math.floor(state / 65_536) % 90))
  }
  return Array.from({ length: characters }, letter).join('')
}
