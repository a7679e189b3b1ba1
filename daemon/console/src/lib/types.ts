// What the API answers, as far as the console reads it. Members that are not named here are ignored; members with ? may be missing.

export type Severity = 'minor' | 'major' | 'critical'
export type PostState =
  | 'queued'
  | 'planned'
  | 'saving'
  | 'stopping'
  | 'unconfirmed'
  | 'held'
  | 'releasing'
  | 'released'
  | 'rescheduled'
  | 'kept'
  | 'escaped'
  | 'gone'
  | 'failed'
  | 'manual'

export interface Crisis {
  id: string
  playbook: string
  severity: Severity
  reason: string
  owner: string
  raised_by?: string
  raised_at: string
  next_update_by: string
  phase: string
  scope: Record<string, string>
  publish?: string
  drill?: boolean
  lowered_at?: string
  holds: Record<string, number>
  summary: Record<string, number>
  settled?: boolean
  etag?: string
  two_person?: boolean
  tasks?: number
  editions?: Edition[]
  promise?: { next_update_by: string | null; kept: number; missed: number; late: boolean }
}

export interface Edition {
  number: number
  kind: string
  state?: string
  by: string
  at: string
  undo_until?: string | null
  next_update_by?: string | null
  approved?: boolean
  approved_by?: string | null
  undone?: boolean
  about?: string | null
  about_in?: Record<string, string>
  hole?: string | null
  out?: number
  of?: number
}

export interface Ready {
  ok: boolean
  credential?: boolean | null
  list?: boolean | null
  hold?: string[]
  publish?: boolean | 'person' | null
  pin?: boolean | 'person' | null
  feed?: boolean | null
  credential_ends?: string | null
  checked_at?: string | null
  lost?: { ability: string; rung?: string | null; since?: string; detail?: string }[]
  trouble?: string | null
}

export interface Account {
  id: string
  connector: string
  reachable: boolean
  last_poll: string | null
  queued: number | null
  trouble?: string
  language?: string
  time_zone?: string
  practice?: boolean
  ready?: Ready
}

export interface Status {
  crises: Crisis[]
  accounts: Account[]
  degraded: string[]
  pages?: PageMember[]
  proposals?: Proposal[]
}

export interface Proposal {
  id: string
  severity: Severity
  playbook: string
  what: string
  made_at: string
}

// What one person asked for and a second one has to confirm.
export interface Ask {
  id: string
  kind: string
  crisis?: string
  post?: string | null
  by: string
  at: string
  reason?: string
  due?: string | null
}

export interface CrisisAccount {
  id: string
  connector: string | null
  reachable: boolean
  total: number
  summary: string | null
  summary_url?: string
  summary_detail?: string
  trouble?: string
  edition?: number
  url?: string
  [state: string]: unknown
}

export interface Attention {
  id: string
  state: PostState
  detail: string
  due: string
  url: string | null
  escaped_as?: string
}

export interface CrisisMessage {
  crisis: Crisis
  accounts?: CrisisAccount[]
  attention?: Attention[]
  attention_total?: number
}

export interface Why {
  rule: string
  match: string
}

export interface Post {
  id: string
  account: string
  remote_id: string | null
  due: string
  class: string
  why: Why[]
  state: PostState
  rung: string | null
  text: string
  url?: string
  language?: string
  author?: string
  crises?: string[]
  covered_by?: string[]
  silence_proved?: boolean
  old_due?: string
  detail?: string
  etag?: string
  can_edit_text?: boolean
  order?: { by: string; at: string; reason?: string }
  judged?: { by: string; class: string; at?: string } | null
  notes?: { by: string; at: string; text: string }[]
  waits_for_second?: { ask: string; by: string; at?: string } | null
  source_change?: { at: string; before: string; after: string } | null
  history?: { at: string; actor: string | null; action: string | null; outcome: string | null; why?: string | null; seq: number }[]
}

export interface Difference {
  before: string | { text?: string; due?: string }
  after: string | { text?: string; due?: string }
}

export interface Queue {
  posts: Post[]
  next: string | null
  total?: number
}

export interface Statement {
  account: string
  language: string
  text: string
  length: number
  limit: number | null
  can_publish: boolean
  can_pin: boolean
  trouble: string | null
  kind?: string
  form?: string
  by?: string
  hole?: string | null
  links?: { url: string; ok: boolean; said?: string }[]
  unpins?: string[]
}

export interface Task {
  id: string
  kind: string
  crisis?: string
  account?: string
  what: string
  text?: string | null
  link?: string | null
  owner?: string | null
  due?: string | null
  opened_at?: string
  state: string
  by?: string | null
  done_at?: string | null
  etag?: string
}

// Who is told now for a rota, and when nobody will be; unknown: it is known until then only.
export interface Duty {
  rota: string
  told: string[]
  stands_in: boolean
  next_gap: { from: string; to: string | null; unknown?: boolean } | null
  trouble: string | null
}

export interface PageMember {
  key: string
  severity: Severity
  what: string
  todo?: string
  link?: string
  count?: number
  crisis?: string | null
  drill?: boolean
  since?: string
  acknowledged_by?: string | null
  acknowledged_at?: string | null
  escalated?: number | boolean
  causes?: { key: string; severity: Severity; what: string; count?: number; since?: string }[]
  receivers?: { receiver: string; state: string; letters?: number; told_at?: string | null; trouble?: string | null }[]
}

export interface AuditRecord {
  seq: number
  at: string
  kind?: string
  actor?: string
  crisis?: string
  account?: string
  post?: string
  outcome?: string
  why?: string
  [other: string]: unknown
}

export interface AuditFault {
  seq: number | null
  what: string
}

// Whether the chain of records holds, as the daemon itself found; ok is null until it has looked.
export interface AuditState {
  ok: boolean | null
  records: number
  head: { seq: number; hash: string } | null
  verified: { at: string; through: number } | null
  checking: boolean
  signed: { seq: number; at: string } | null
  faults: AuditFault[]
}

// The settings file as it is on disk now, not what the daemon runs with.
export interface SettingsCheck {
  file: string
  running_since: string
  checked_at: string
  differs: boolean
  faults: { file?: string | null; line?: number | null; column?: number | null; message: string }[]
  doubts: string[]
}

export interface Reply {
  id: string
  crisis?: string
  account: string
  to?: string
  url?: string
  text?: string
  words?: { text?: string; language?: string }
  language?: string
  state?: string
  by?: string
}

export interface Session {
  user: string
  roles: string[]
  may: string[]
  csrf?: string
  language?: string
}

// Where somebody is signed in.
export interface SignedIn {
  id: string
  user: string
  way: string
  made_at: string
  seen_at: string
  ends_at: string
  asking: boolean
}

// RFC 9457, and what the daemon adds.
export interface ProblemBody {
  type?: string
  title?: string
  status?: number
  detail?: string
  exit_code?: number
  current?: { by?: string; at?: string; etag?: string } | null
  difference?: Difference
  seen?: string
  etag?: string
  free_at?: string
  ways?: string[]
}
