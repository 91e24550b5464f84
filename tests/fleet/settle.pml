/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model of settle() and of fail-over: a primary A with two standbys B and C, two hosts, one user.
 * test_model.py explores all of its states. In each of them
 *
 *   - the code was accepted at most once, and
 *   - at most LIMIT guesses were answered.
 *
 * Each of these names takes one rule away, and the properties must fail then:
 *
 *   ASYNC       a commit waits for no standby
 *   BEHIND      the standby that has less is promoted, and the other one is made anew from it
 *   NO_REQUIRE  a new primary without names of standbys settles all the same
 *   BLIND       settle() does not compare the version, the marks and the attempt
 *   NUMBER      it does not compare the attempt that made the version
 *   AT_ONCE     an attempt that was made before is said to be done without a commit
 *   WARNING     a host takes a wait that was cut short for a success
 *
 * With REACH the model claims that no code is accepted after a fail-over, which is wrong: it shows
 * that the search gets there. What is left out: a look while a transaction waits. It sees the row as
 * it was before, so that it is the same as an earlier look.
 */
#define A 0
#define B 1
#define C 2
#define NOBODY 3
#define LIMIT 1
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
/* Those of the second host. */
#ifndef OTHERS
#define OTHERS 1
#endif
#ifndef AGAIN
#define AGAIN 1
#endif

mtype = { nothing, good, warned, conflict, spent, refused };

typedef Server {
	bool up, primary
	bool names      /* synchronous_standby_names is set */
	byte follows    /* the server that it gets its log from */
	byte fork       /* how far the log was when it was promoted */
	byte log        /* how many commits there are, with the one that waits */
	byte version, tries, attempt
	bool used
	byte waits      /* 1 + the host whose commit waits for a standby; 0: none */
}
Server server[3];

mtype reply[2]          /* what each host is told */
byte listens[2]         /* 1 + the server that it has a connection to; 0: none */
bool cut                /* A and C are on one side, B is on the other */
bool failed, promoted, cancelled
byte accepted, guesses  /* what people were told */

inline copy(from, to) {
	server[to].log = server[from].log
	server[to].version = server[from].version
	server[to].tries = server[from].tries
	server[to].attempt = server[from].attempt
	server[to].used = server[from].used
}

inline await(s, host) {
	server[s].waits = host + 1
	listens[host] = s + 1
	reply[host] = nothing
}

inline change(s, host, mine, is_code, seen_tries) {
	server[s].log++
	server[s].version++
	server[s].attempt = mine
	server[s].tries = seen_tries + (is_code -> 0 : 1)
	server[s].used = server[s].used || is_code
	await(s, host)
}

#ifdef NUMBER
#define SAME true
#else
#define SAME (server[s].attempt == seen_attempt)
#endif

/* One call of the function, up to its commit. A number of a version may stand for two rows, where
 * two servers went on from one. */
inline settle(s, host, mine, is_code, seen, seen_attempt, seen_tries) {
	if
#ifndef NO_REQUIRE
	:: s != A && !server[s].names -> reply[host] = refused
#endif
#ifdef BLIND
	:: else -> change(s, host, mine, is_code, seen_tries)
#else
	:: else ->
		if
		:: server[s].version == seen && SAME && !(is_code && server[s].used) ->
			change(s, host, mine, is_code, seen_tries)
		:: else ->
			if
			:: server[s].attempt == mine ->
#ifdef AT_ONCE
				reply[host] = good
#else
				server[s].log++
				await(s, host)
#endif
			:: server[s].attempt != mine && is_code && server[s].used ->
				reply[host] = spent
			:: else -> reply[host] = conflict
			fi
		fi
#endif
	fi
}

inline choose(s) {
	if
	:: server[A].up -> s = A
	:: server[B].primary -> s = B
	:: server[C].primary -> s = C
	fi
}

proctype Host(byte me) {
	byte number, s, mine, seen, seen_attempt, seen_tries, again
	bool is_code

	do
	:: number < (me -> OTHERS : ATTEMPTS) ->
		atomic {
			number++
			mine = 1 + me * ATTEMPTS + number
			if
			:: is_code = true
			:: is_code = false
			fi
		}
look:		atomic {
			choose(s)
			if
			:: !server[s].waits ->
				seen = server[s].version
				seen_attempt = server[s].attempt
				seen_tries = server[s].tries
				s = A
			:: goto over       /* the deadline */
			fi
			if
			:: seen_tries >= LIMIT -> goto over
			:: else
			fi
		}
send:		/* The same attempt, on any server that can be written to; or the deadline. */
		atomic {
			if
			:: choose(s)
				if
				:: server[s].waits -> goto over
				:: else -> settle(s, me, mine, is_code, seen, seen_attempt, seen_tries)
				fi
			:: goto over
			fi
		}
		atomic {
			if
			:: reply[me] == good -> goto told
#ifdef WARNING
			:: reply[me] == warned -> goto told
#endif
			:: reply[me] == conflict -> reply[me] = nothing; s = A; goto look
			:: reply[me] == spent || reply[me] == refused -> goto over
			:: reply[me] == nothing || reply[me] == warned ->
				/* None in time, or it got lost. */
				reply[me] = nothing; listens[me] = 0; s = A
				if
				:: again < AGAIN -> again++; goto send
				:: goto over
				fi
			fi
		}
told:		atomic {
			if
			:: is_code ->
				accepted++
#ifdef REACH
				assert(s == A)
#endif
			:: else -> guesses++
			fi
			assert(accepted <= 1)
			assert(guesses <= LIMIT)
		}
over:		atomic {
			reply[me] = nothing; listens[me] = 0
			is_code = false; mine = 0; seen = 0; seen_attempt = 0; seen_tries = 0; again = 0; s = A
		}
	:: else -> break
	od
}

inline end_wait(s, how) {
	if
	:: listens[server[s].waits - 1] == s + 1 -> reply[server[s].waits - 1] = how
	:: else                /* that connection is closed */
	fi
	server[s].waits = 0
}

inline promote(s, other, with_names) {
	server[s].primary = true
	server[s].follows = NOBODY
	server[s].fork = server[s].log
	server[s].names = with_names
	server[other].follows = (server[other].follows == s -> NOBODY : server[other].follows)
	promoted = true
}

#define REACHES(p, s) (server[s].follows == p && server[p].up && !(cut && (p == B || s == B) && p == A))

/* A standby gets the log, and the commit that waited for one ends. That it has the log while the
 * commit still waits is the same as a reply that gets lost. */
inline replicate(p, s) {
	atomic { REACHES(p, s) && server[s].log < server[p].log ->
		copy(p, s)
		if
		:: server[p].waits -> end_wait(p, good)
		:: else
		fi
	}
}
inline confirm(p) {
	atomic { server[p].up && server[p].waits && !server[p].names -> end_wait(p, good) }
}
inline cancel(p) {
	atomic { server[p].up && server[p].waits && !cancelled -> cancelled = true; end_wait(p, warned) }
}
/* It can follow where its log is a beginning of the other's. */
inline follow(s, p) {
	atomic { promoted && server[p].primary && !server[s].primary && server[s].follows != p &&
		server[s].log <= server[p].fork -> server[s].follows = p }
}

active proctype World() {
	server[A].up = true; server[A].primary = true; server[A].follows = NOBODY
	server[B].up = true; server[B].follows = A
	server[C].up = true; server[C].follows = A
#ifndef ASYNC
	server[A].names = true
#endif
	run Host(0)
	run Host(1)
end:	do
	:: replicate(A, B)
	:: replicate(A, C)
	:: replicate(B, C)
	:: replicate(C, B)
	:: confirm(A)
	:: confirm(B)
	:: cancel(A)
	:: cancel(B)
	/* A loses power, and later comes back as it was. What waited is there; nobody is told. */
	:: atomic { !failed -> failed = true; server[A].up = false; server[A].waits = 0 }
	:: atomic { promoted && !server[A].up -> server[A].up = true }
	/* Or the network is cut in two. */
	:: atomic { !failed -> failed = true; cut = true }
#ifdef BEHIND
	/* The other one is made anew from it. */
	:: atomic { failed && !cut && !promoted && server[B].log < server[C].log ->
		promote(B, C, true); copy(B, C); server[C].follows = B }
#else
	:: atomic { failed && !cut && !promoted && server[B].log >= server[C].log -> promote(B, C, true) ;
		server[C].follows = NOBODY }
	:: atomic { failed && !cut && !promoted && server[C].log >= server[B].log -> promote(C, B, true) ;
		server[B].follows = NOBODY }
#endif
	/* B is all that is seen of the other side. */
	:: atomic { cut && !promoted -> promote(B, C, true) }
	:: atomic { cut && !promoted -> promote(B, C, false) }
	:: follow(C, B)
	:: follow(B, C)
	od
}
