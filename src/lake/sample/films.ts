import { words } from '../words.ts'
import type { Random } from './random.ts'

export interface Film {
  readonly title: string
  /** One to three, the leading one first. */
  readonly genres: readonly string[]
}

/** Each genre has things that its films are named after. */
const things: Readonly<Record<string, readonly string[]>> = {
  Action: words('Strike, Convoy, Bullet, Countdown, Showdown, Pursuit, Vengeance, Gauntlet, Fury, Breakout'),
  Adventure: words('Island, Expedition, Compass, Voyage, Treasure, Horizon, Jungle, Map, Caravan, Summit'),
  Animation: words('Teapot, Penguin, Lantern, Toymaker, Robot, Balloon, Fox, Umbrella, Cloud, Hedgehog'),
  Comedy: words(
    'Wedding, Neighbour, Holiday, Landlord, Reunion, Casserole, Roommate, Impostor, Divorce, Mayor',
  ),
  Crime: words('Heist, Alibi, Witness, Ledger, Getaway, Informant, Racket, Verdict, Syndicate, Accomplice'),
  Documentary: words(
    'River, Glacier, Archive, Harvest, Orchestra, Migration, Factory, Election, Reef, Bakery',
  ),
  Drama: words('Winter, Daughter, Letter, Silence, Orchard, Inheritance, Piano, Season, House, Promise'),
  Family: words('Puppy, Treehouse, Birthday, Pony, Snowman, Grandfather, Circus, Kite, Pond, Bicycle'),
  Fantasy: words('Dragon, Crown, Sorcerer, Kingdom, Amulet, Raven, Oath, Labyrinth, Throne, Prophecy'),
  Horror: words('Cellar, Whisper, Scarecrow, Ritual, Asylum, Shadow, Doll, Graveyard, Howl, Attic'),
  Mystery: words('Key, Portrait, Cipher, Disappearance, Manor, Clue, Stranger, Telegram, Mask, Lighthouse'),
  Romance: words('Kiss, Garden, Summer, Dance, Heart, Rose, Serenade, Balcony, Bride, Spring'),
  'Sci-Fi': words('Orbit, Android, Signal, Colony, Paradox, Nebula, Clone, Eclipse, Machine, Starship'),
  Thriller: words(
    'Deadline, Hostage, Fugitive, Obsession, Trap, Conspiracy, Passenger, Secret, Border, Wire',
  ),
  War: words('Battalion, Frontier, Siege, Bridge, Regiment, Armistice, Trench, Sniper, Flag, Outpost'),
  Western: words('Saddle, Sheriff, Canyon, Outlaw, Railroad, Ranch, Gold, Rider, Prairie, Saloon'),
}

export const genres: readonly string[] = Object.keys(things)

const adjectives = words(`
  Last, Silent, Broken, Crimson, Hidden, Golden, Lonely, Burning, Forgotten, Electric,
  Crooked, Endless, Frozen, Hollow, Midnight, Paper, Restless, Second, Stolen, Velvet, Wild,
  Distant, Final, Perfect, Secret, Blue, Invisible, Reluctant, Savage, Tender`)
const places = words(`
  Lisbon, the North, Havana, Willow Creek, Vienna, the Valley, Kyoto, Marseille, Ashford,
  the Harbour, Cairo, Providence, the Sea, Montreal, Elm Street, Samarkand, the Mountains,
  Naples, the Desert, Odessa`)
const people = words(`
  Clara, Walter, Miss Finch, Captain Rourke, Amelia, Mr. Okafor, Sofia, Leon, Doctor Hale,
  Ingrid, Marlowe, Aunt Beatrix, Tomasz, Professor Lindqvist, Rosalind, Young Edgar, Mei,
  Colonel Vance, Yusuf, Nora`)

const patterns: readonly ((thing: string, other: string, random: Random) => string)[] = [
  (thing, _, random) => `The ${random.pick(adjectives)} ${thing}`,
  (thing, _, random) => `${random.pick(adjectives)} ${thing}`,
  (thing, _, random) => `The ${thing} of ${random.pick(places)}`,
  (thing, _, random) => `${random.pick(people)} and the ${thing}`,
  (thing, other) => `The ${thing} and the ${other}`,
  (thing, _, random) => `A ${thing} in ${random.pick(places)}`.replace(/^A (?=[AEIOU])/, 'An '),
  (thing, _, random) => `${random.pick(people)}'s ${random.pick(adjectives)} ${thing}`,
]

/** Films with titles that occur once, a year, and one to three genres of which some are more common than others. */
export function makeFilms(nFilms: number, random: Random): Film[] {
  const taken = new Set<string>()
  return Array.from({ length: nFilms }, () => {
    const filmGenres = pickGenres(random)
    const year = 2024 - Math.floor(65 * random.next() ** 2.2)
    return { title: `${uniqueTitle(filmGenres, taken, random)} (${year})`, genres: filmGenres }
  })
}

function pickGenres(random: Random): string[] {
  const nGenres = 1 + Number(random.next() < 0.65) + Number(random.next() < 0.3)
  const chosen = new Set<string>()
  // The square makes the genres at the head of a fixed order three times as common as those at its end.
  while (chosen.size < nGenres)
    chosen.add(byFrequency[Math.floor(byFrequency.length * random.next() ** 1.5)]!)
  return [...chosen]
}

const byFrequency = words(`
  Drama, Comedy, Thriller, Romance, Action, Crime, Adventure, Sci-Fi, Horror, Fantasy,
  Mystery, Family, Animation, Documentary, War, Western`)

/** Sequels only when fresh words have run out. */
function uniqueTitle(filmGenres: readonly string[], taken: Set<string>, random: Random): string {
  let title = ''
  for (let attempt = 1; title === '' || taken.has(title); attempt += 1) {
    const thing = random.pick(things[filmGenres[0]!]!)
    const other = random.pick(things[random.pick(filmGenres)]!)
    const fresh = random.pick(patterns)(thing, other === thing ? 'Storm' : other, random)
    title = attempt <= 8 ? fresh : `${fresh} ${attempt - 7}`
  }
  taken.add(title)
  return title
}
