export type MissedPolicy = 'skip' | 'once' | 'all'
export type OverlapPolicy = 'skip' | 'queue' | 'replace'

/** When a command is run by itself. */
export interface Schedule {
  readonly name: string
  /** Five fields, or six with seconds. */
  readonly cron: string
  /** IANA name; its daylight saving counts. */
  readonly timeZone: string
  /** Words of a recsys command, without the program's name. */
  readonly command: readonly string[]
  /** What has to be true besides, such as `interactions grew by 5%`; null: nothing. */
  readonly condition: string | null
  /** What is done about times at which nobody was there to run it: nothing, one run for all of them, one for each. */
  readonly missed: MissedPolicy
  /** What is done when the run before is still going on: pass over, run afterwards, end that one. */
  readonly overlap: OverlapPolicy
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly pausedAt: string | null
  readonly nextDueAt: string | null
  readonly lastDueAt: string | null
}

export type FiringOutcome =
  | 'queued'
  | 'started'
  | 'finished'
  | 'failed'
  | 'overlapped'
  | 'missed'
  | 'not needed'

/** What became of one due time of a schedule. */
export interface Firing {
  readonly id: number
  readonly schedule: string
  readonly dueAt: string
  readonly at: string
  readonly outcome: FiringOutcome
  readonly note: string | null
  readonly flowRunId: string | null
}

/** The calls of the registry that concern schedules. */
export interface ScheduleCalls {
  /** @throws RECSYS_SCHEDULE_EXISTS */
  addSchedule(schedule: Omit<Schedule, 'createdAt' | 'pausedAt' | 'lastDueAt'>): Schedule
  schedules(): Schedule[]
  /** @throws RECSYS_SCHEDULE_UNKNOWN */
  schedule(name: string): Schedule
  removeSchedule(name: string): Schedule
  /** @param nextDueAt  when it is due for the next time, once it goes on */
  pauseSchedule(name: string, isPaused: boolean, nextDueAt: string | null): Schedule
  /**
   * Takes a due time for this process and sets the next one, in one transaction: of several schedulers one gets it.
   * @returns the firing, undefined when another one was faster
   */
  claimFiring(
    schedule: Schedule,
    dueAt: string,
    nextDueAt: string | null,
    outcome: FiringOutcome,
    note?: string | null,
  ): Firing | undefined
  /** A due time that is no longer true, because the clock was wrong. */
  setNextDue(name: string, nextDueAt: string | null): void
  changeFiring(
    id: number,
    change: { readonly outcome?: FiringOutcome; readonly note?: string | null; readonly flowRunId?: string },
  ): void
  /** Newest first. */
  firings(filter?: { readonly schedule?: string; readonly limit?: number }): Firing[]
  /** Due times and messages that are over and older. @returns how many were removed */
  removeOldNews(before: string, dryRun: boolean): number
  /** Started ones whose scheduler is gone. They belong to this process then. */
  adoptFirings(): Firing[]
}

export const webhookEvents = ['success', 'failure', 'promotion'] as const
export type WebhookEvent = (typeof webhookEvents)[number]

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly WebhookEvent[]
  readonly createdAt: string
}

/** A message on its way. */
export interface Delivery {
  /** Stays the same over all attempts, so that a receiver can tell a repetition. */
  readonly id: string
  readonly webhookId: string
  readonly url: string
  readonly secret: string
  readonly event: WebhookEvent | 'test'
  readonly body: Readonly<Record<string, unknown>>
  readonly createdAt: string
  readonly attempts: number
  /** null: it was delivered, or given up. */
  readonly nextAttemptAt: string | null
  readonly deliveredAt: string | null
  readonly lastError: string | null
}

/** The calls of the registry that concern webhooks. */
export interface WebhookCalls {
  /** @returns the secret that signs messages, shown once */
  addWebhook(url: string, events: readonly WebhookEvent[]): Webhook & { readonly secret: string }
  webhooks(): Webhook[]
  /** @throws RECSYS_WEBHOOK_UNKNOWN; a unique beginning of the id is enough */
  removeWebhook(id: string): Webhook
  /** Puts a message into the outbox of everybody who asked for this kind. */
  announce(event: WebhookEvent, body: Readonly<Record<string, unknown>>): void
  /** Puts a test message into the outbox of one. @throws RECSYS_WEBHOOK_UNKNOWN */
  announceTest(id: string): Delivery
  /**
   * Takes messages that are due: until `busyUntil` nobody else takes them, whatever becomes of this process.
   */
  takeDeliveries(busyUntil: string, limit: number): Delivery[]
  /** @param nextAttemptAt  null: given up */
  endDelivery(
    id: string,
    outcome: { readonly error: string | null; readonly nextAttemptAt: string | null },
  ): void
  /** Newest first. */
  deliveries(limit: number): Delivery[]
}
