/*
 * The sync protocol as a randomised model, driving the real planner and the
 * real merge: staff with stale copies, an API, an agent that crashes between
 * any two steps. `test_plan_model --seed N --mode M [--without BITS]` replays
 * one run and prints it; invariants I1–I7 are those of sync-and-security.md
 * 2.1. A case is one call of the planner.
 */
#include <inttypes.h>
#include <time.h>

#include "check.h"
#include "model_agent.h"

/* With a malloc for each piece of memory, under a sanitizer, a tenth. */
#ifdef ARENA_DEBUG
enum { STEPS = 200, SETTLE = 120, SEEDS = 40, CASES = 30000 };
#else
enum { STEPS = 200, SETTLE = 120, SEEDS = 400, CASES = 300000 };
#endif

enum mode { LOCKED, LOCKLESS, COPIES, ADOPTED, MODES };
static const char *const MODE[MODES] = { "locked", "lockless", "copies",
	"adopted" };

struct total {
	uint64_t planned, commits, conflicts, held, stale, missorted, writes;
	uint64_t state; /* a digest of where every run ended */
};

static void run(struct world *, enum mode, uint64_t seed);
static void begin(struct world *, enum mode);
static void step(struct world *, struct agent *);
static void finish(struct world *, struct agent *);
static void staff_resolve(struct world *, struct agent *);
static void judge_end(struct world *, struct agent *);
static void judge_rows(struct world *);
static bool report(const struct world *, enum mode, uint64_t seed);
static uint64_t sweep(enum mode, unsigned without, uint64_t from,
    uint64_t seeds, struct total *, bool quiet);

/* The whole of one run. The world is big: one, reused. */
static struct world the_world;

static void
run(struct world *w, enum mode mode, uint64_t seed)
{
	unsigned without = w->without;
	bool trace = w->trace;
	struct agent *a = calloc(1, sizeof(*a));

	REQUIRE(a != NULL);
	memset(w, 0, sizeof(*w));
	w->rng = seed * 4 + mode;
	w->without = without;
	w->trace = trace;
	w->lockless = mode == LOCKLESS;
	w->copies = mode == COPIES;
	a->now = 1;
	begin(w, mode);
	for (int i = 0; i < STEPS; i++)
		step(w, a);
	finish(w, a);
	judge_end(w, a);
	w->digest = book_hash(&w->file[0]) ^ (uint64_t)w->seq << 40;
	for (int f = 0; f < MAX_FILES; f++)
		arena_free(&a->file[f].ops);
	arena_free(&w->arena);
	free(a);
}

/* An empty ledger; or rows by the API and a workbook of staff's own. */
static void
begin(struct world *w, enum mode mode)
{
	struct book own = { 0 };

	w->exists[0] = true;
	if (mode != ADOPTED) {
		w->file[0] = book_of_export(w, export_make(w));
		return;
	}
	for (int i = 0; i < 6; i++)
		api_edit(w);
	for (int r = 0; r < w->nrows; r++) {
		struct line *l;

		if (!live(w, r) || chance(w, 30))
			continue;
		l = line_add(w, &own, own.n);
		l->cell = *current(w, r);
		l->logical = w->row[r].logical;
		book_had(&own, l->logical);
		if (chance(w, 50))
			l->cell.v[A] = type(w, l->logical, A);
	}
	for (int i = 0; i < 3; i++)
		fill_line(w, &own, line_add(w, &own, own.n));
	own.save = ++w->saves;
	w->file[0] = own;
}

static void
step(struct world *w, struct agent *a)
{
	uint32_t what = roll(w, 100);
	struct desk *d = &w->desk[roll(w, STAFF)];

	if (what < 20) {
		staff_open(w, (int)(d - w->desk));
	} else if (what < 53 && d->open) {
		staff_edit(w, &d->book);
	} else if (what < 68 && d->open) {
		staff_save(w, d);
	} else if (what < 77) {
		api_edit(w);
	} else if (what < 79 && w->copies) {
		staff_copy_file(w);
	} else if (what < 78 && w->lockless) {
		staff_put_back(w);
	} else if (what < 80 && !w->desk[0].open && !w->desk[1].open) {
		staff_resolve(w, a);
	} else {
		int f = w->exists[1] && chance(w, 40) ? 1 : 0;
		bool open = w->desk[0].open || w->desk[1].open;

		a->helpful = chance(w, 5);
		agent_step(w, a, f, !open || w->lockless);
	}
}

/* Everybody closes; holds are answered; the agent goes on. */
static void
finish(struct world *w, struct agent *a)
{
	w->desk[0].open = w->desk[1].open = false;
	for (int i = 0; i < SETTLE; i++) {
		if (i > SETTLE / 2)
			staff_resolve(w, a);
		for (int f = 0; f < MAX_FILES; f++)
			if (w->exists[f])
				agent_step(w, a, f, true);
	}
}

/* What a report asks of staff: confirm, make copies differ, undo a sort. */
static void
staff_resolve(struct world *w, struct agent *a)
{
	struct arena arena;
	struct plan p;

	a->helpful = true;
	for (int f = 0; f < MAX_FILES; f++) {
		struct book *b = &w->file[f];

		if (!w->exists[f] || a->file[f].nspool > 0)
			continue;
		arena_init(&arena, 0);
		plan_book(w, a, f, b, &arena, &p);
		for (size_t i = 0; i < p.nnotices; i++) {
			struct line *l;

			if (p.notice[i].kind != NOTICE_AMBIGUOUS)
				continue;
			l = &b->line[p.notice[i].sheet_row - 6];
			l->token = "";
			l->cell.v[N] = type(w, l->logical, N);
			b->save = ++w->saves;
			b->pristine = false;
			break;
		}
		if (p.hold == HOLD_MISSORT) {
			for (int i = 0; i < b->n; i++)
				b->line[i].token = "";
			b->save = ++w->saves;
			b->pristine = false;
		}
		arena_free(&arena);
	}
}

static void
judge_end(struct world *w, struct agent *a)
{
	struct arena arena;
	struct plan p;
	int seq, saves;
	unsigned writes;

	for (int v = 1; v <= w->serial; v++)
		if (w->spooled[v] && !w->kept[v])
			fault(w, I1_LOSS);
	if (!file_is_current(w, &w->file[0]))
		fault(w, I2_DIVERGED);
	for (int f = 0; f < MAX_FILES; f++) {
		if (!w->exists[f])
			continue;
		arena_init(&arena, 0);
		plan_book(w, a, f, &w->file[f], &arena, &p);
		if (!p.settled)
			fault(w, NO_PROGRESS);
		arena_free(&arena);
	}
	judge_rows(w);
	seq = w->seq;
	saves = w->saves;
	writes = w->writes;
	for (int i = 0; i < 5; i++)
		agent_step(w, a, 0, true);
	if (w->seq != seq || w->saves != saves || w->writes != writes)
		fault(w, I4_ECHO);
}

static void
judge_rows(struct world *w)
{
	static bool used[MAX_VALUES];

	memset(used, 0, sizeof(used));
	for (int r = 0; r < w->nrows; r++) {
		const char *text = current(w, r)->v[N];
		int name = serial_of(text);

		if (!live(w, r) || name == 0 || w->copied_name[name] ||
		    w->unknowable[logical_of(text)])
			continue;
		if (used[name] && w->trace)
			printf("r%d %s\n", r, text);
		if (used[name])
			fault(w, I3_DUPLICATE);
		used[name] = true;
	}
}

static bool
report(const struct world *w, enum mode mode, uint64_t seed)
{
	bool bad = false;

	for (int f = 0; f < FAULTS; f++) {
		if (w->faults[f] == 0)
			continue;
		print_message("%s ×%u: --mode %s --seed %" PRIu64
		    " --without %u\n", FAULT[f], w->faults[f], MODE[mode],
		    seed, w->without);
		bad = true;
	}
	return bad;
}

/* The number of runs that violate something. */
static uint64_t
sweep(enum mode mode, unsigned without, uint64_t from, uint64_t seeds,
    struct total *t, bool quiet)
{
	struct world *w = &the_world;
	uint64_t bad = 0;

	for (uint64_t seed = from; seed < from + seeds; seed++) {
		unsigned faults = 0;

		w->without = without;
		run(w, mode, seed);
		for (int f = 0; f < FAULTS; f++)
			faults += w->faults[f];
		if (faults > 0 && !quiet && bad < 3)
			report(w, mode, seed);
		bad += faults > 0;
		t->planned += w->planned;
		t->commits += w->commits;
		t->conflicts += w->conflicts;
		t->held += w->held;
		t->stale += w->stale;
		t->missorted += w->missorted;
		t->writes += w->writes;
		t->state = (t->state ^ w->digest) * 1099511628211u;
	}
	return bad;
}

static void
nothing_is_violated(void **state)
{
	struct total all = { 0 };

	(void)state;
	for (int m = 0; m < MODES; m++) {
		clock_t began = clock();
		struct total t = { 0 };
		uint64_t bad = sweep((enum mode)m, 0, 0, SEEDS, &t, false);

		print_message("%-8s %" PRIu64 " cases, %" PRIu64 " commits, %"
		    PRIu64 " conflicts, %" PRIu64 " exports, %.1f s\n",
		    MODE[m], t.planned, t.commits, t.conflicts, t.writes,
		    (double)(clock() - began) / CLOCKS_PER_SEC);
		assert_int_equal(bad, 0);
		/* Each way out was taken. */
		assert_true(t.conflicts > 0 && t.held > 0 && t.stale > 0 &&
		    t.missorted > 0 && t.writes > SEEDS);
		all.planned += t.planned;
	}
	print_message("%" PRIu64 " cases\n", all.planned);
	assert_true(all.planned >= CASES);
}

/* A safeguard that may be taken away unnoticed is none, or is not tested. */
static void
every_safeguard_is_needed(void **state)
{
	static const struct {
		const char *name;
		unsigned bit;
		enum mode mode;
	} guard[] = {
		{ "shadow", WITHOUT_SHADOW, LOCKED },
		{ "pending rows", WITHOUT_PENDING, LOCKED },
		{ "stale saves", WITHOUT_STALE, LOCKLESS },
		{ "spare collisions", WITHOUT_COLLISION, LOCKLESS },
		{ "the file's own manifest", WITHOUT_MANIFEST, LOCKED },
		{ "natural key before token", TOKEN_FIRST, LOCKED },
		{ "old values are told", WITHOUT_SEEN, LOCKLESS },
		{ "copies are old", WITHOUT_OLD_COPY, COPIES },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(guard); i++) {
		struct total t = { 0 };
		uint64_t bad = sweep(guard[i].mode, guard[i].bit, 0, 100, &t,
		    true);

		print_message("without %s: %" PRIu64 " of 100 runs fail\n",
		    guard[i].name, bad);
		assert_true(bad > 0);
	}
}

static void
same_seed_same_run(void **state)
{
	(void)state;
	for (int m = 0; m < MODES; m++) {
		struct total a = { 0 }, b = { 0 }, c = { 0 };

		sweep((enum mode)m, 0, 7, 5, &a, true);
		sweep((enum mode)m, 0, 7, 5, &b, true);
		sweep((enum mode)m, 0, 8, 5, &c, true);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_true(a.state != c.state);
	}
}

static int
replay(int argc, char **argv)
{
	struct total t = { 0 };
	uint64_t seed = 0, seeds = 1, bad = 0;
	unsigned without = 0;
	int mode = LOCKED;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (same(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 10);
		else if (same(argv[i], "--seeds"))
			seeds = strtoull(argv[i + 1], NULL, 10);
		else if (same(argv[i], "--without"))
			without = (unsigned)strtoul(argv[i + 1], NULL, 10);
		for (int m = 0; same(argv[i], "--mode") && m < MODES; m++)
			if (same(argv[i + 1], MODE[m]))
				mode = m;
	}
	the_world.trace = seeds == 1;
	bad = sweep((enum mode)mode, without, seed, seeds, &t, false);
	printf("%" PRIu64 " cases, %" PRIu64 " runs failed\n", t.planned, bad);
	return bad > 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_violated),
		cmocka_unit_test(every_safeguard_is_needed),
		cmocka_unit_test(same_seed_same_run),
	};

	if (argc > 1)
		return replay(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
