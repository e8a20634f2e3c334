import Server

ProcessEntry.run()
