package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/liadesk/campaigns/conversations"
	"github.com/liadesk/campaigns/db/kv/bolt"
	"github.com/liadesk/campaigns/sms"
)

// figures tells Prometheus what operators watch: does the database grow, is
// there room for it, and do texts go out?
type figures struct {
	engine *bolt.Engine
	texts  *sms.Service
	talks  *conversations.Service
}

var (
	databaseBytes = prometheus.NewDesc("campaigns_database_bytes", "Size of the database file, with what was extended ahead.", nil, nil)
	diskFree      = prometheus.NewDesc("campaigns_disk_free_bytes", "Free space where the database lies.", nil, nil)
	commits       = prometheus.NewDesc("campaigns_database_commits_total", "How often the disk was waited for.", nil, nil)
	updates       = prometheus.NewDesc("campaigns_database_updates_total", "Changes that were stored; several share a commit.", nil, nil)
	listeners     = prometheus.NewDesc("campaigns_listeners", "Pages of the team and visitors with an open connection.", nil, nil)
	inFlight      = prometheus.NewDesc("campaigns_texts_in_flight", "Texts that are claimed and whose outcome is not yet stored.", nil, nil)
	outcomes      = prometheus.NewDesc("campaigns_texts_total", "Texts handed to the carrier, or held back at the last moment, by outcome.", []string{"outcome"}, nil)
)

// Describe implements prometheus.Collector.
func (figures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{databaseBytes, diskFree, commits, updates, listeners, inFlight, outcomes} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (f figures) Collect(ch chan<- prometheus.Metric) {
	db, texts := f.engine.Stats(), f.texts.Stats()
	ch <- prometheus.MustNewConstMetric(databaseBytes, prometheus.GaugeValue, float64(db.FileSize))
	if free, err := f.engine.Free(); err == nil {
		ch <- prometheus.MustNewConstMetric(diskFree, prometheus.GaugeValue, float64(free))
	}
	ch <- prometheus.MustNewConstMetric(commits, prometheus.CounterValue, float64(db.Commits))
	ch <- prometheus.MustNewConstMetric(updates, prometheus.CounterValue, float64(db.Updates))
	ch <- prometheus.MustNewConstMetric(listeners, prometheus.GaugeValue, float64(f.talks.Live.Listeners()))
	ch <- prometheus.MustNewConstMetric(inFlight, prometheus.GaugeValue, float64(texts.InFlight))
	for kind, n := range texts.Outcomes {
		ch <- prometheus.MustNewConstMetric(outcomes, prometheus.CounterValue, float64(n), string(kind))
	}
}
