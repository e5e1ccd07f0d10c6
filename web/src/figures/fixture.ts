// A session for the tests of the panels: two instruments, a long and a short, two orders.

import type { MarketView, Order, Position, SessionStatus } from '../protocol';
import { Facts, type Told } from './facts';

export const BTC = 'SIM:BTCUSDT';
export const ETH = 'SIM:ETHUSDT';

const AT = '2026-03-02T14:00:00Z';

function instrument(id: string, tick: string) {
  return {
    id,
    tick_size: tick,
    lot_size: '0.001',
    min_notional: '5',
    currency: 'USDT',
    multiplier: '1',
    kind: 'perpetual' as const,
    maintenance_rate: '0.005',
  };
}

export function order(id: string, changes: Partial<Order> = {}): Order {
  return {
    id,
    instrument: BTC,
    side: 'buy',
    type: 'limit',
    quantity: '0.100',
    filled: '0',
    price: '63900.0',
    time_in_force: 'gtc',
    status: 'new',
    author: 'strategy',
    created_at: AT,
    ...changes,
  };
}

export function position(instrument: string, quantity: string, average: string): Position {
  return { instrument, quantity, avg_price: average, realized_pnl: '0', fees: '0', funding: '0' };
}

export function status(mode: 'paper' | 'live' = 'paper'): SessionStatus {
  return {
    info: {
      name: 'momentum',
      strategy_name: 'momentum',
      strategy: 'momentum.Momentum',
      mode,
      runtime: 'native',
      config: '/c/momentum.yml',
      connection_file: '/k/momentum.json',
      session_dir: '/s/momentum',
      pid: 7,
      started_at: AT,
      instruments: [instrument(BTC, '0.1'), instrument(ETH, '0.01')],
      exchanges: [
        { name: 'SIM', currency: 'USDT', capital: '100000', leverage: '3', maker_bps: '2', taker_bps: '5', slippage_bps: '0' },
      ],
      limits: {},
      timeframes: ['1m', '1h'],
      version: '0.1.0',
    },
    kernel: { state: 'ready', since: AT, pid: 8, restarts: 0 },
    strategy: { state: 'running', callback_errors: 0, parameters: [], actions: [] },
    paused: false,
    ownership: 'owned',
    phase: 'running',
  };
}

export function market(): MarketView {
  const quote = (instrument: string, bid: string, ask: string) => ({ instrument, time: AT, bid, ask, bid_size: '1', ask_size: '2' });
  return {
    time: AT,
    quotes: [quote(BTC, '64000.0', '64002.0'), quote(ETH, '3200.00', '3201.00')],
    marks: [
      { instrument: BTC, last_price: '64001', unrealized_pnl: '150', market_value: '9600.15' },
      { instrument: ETH, last_price: '3200.5', unrealized_pnl: '-1', market_value: '-6401' },
    ],
    accounts: [
      {
        exchange: 'SIM',
        currency: 'USDT',
        capital: '100000',
        equity: '101000',
        day_start_equity: '100000',
        realized_pnl: '900',
        unrealized_pnl: '149',
        fees: '49',
        funding: '0',
        net_leverage: '0.0317',
        gross_leverage: '0.1584',
      },
    ],
  };
}

/** Returns the questions to that session, changed where a test wants it. */
export function facts(changes: Partial<Told> = {}): Facts {
  return new Facts({
    status: status(),
    market: market(),
    strategy: null,
    presence: null,
    orders: [order('q1'), order('q2', { instrument: ETH, side: 'sell', quantity: '2', price: '3300.00', author: 'op1@pts/0' })],
    positions: [position(BTC, '0.150', '63001'), position(ETH, '-2.000', '3200')],
    connected: true,
    ...changes,
  });
}
