DemoBlog.run()
