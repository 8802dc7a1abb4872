import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { runDashboard } from './dashboard-thread.ts'
import type { DashboardData } from './messages.ts'

// Requests go first. Linux alone has a priority for each thread; elsewhere it would be the whole server's.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

runDashboard(workerData as DashboardData, parentPort!)
