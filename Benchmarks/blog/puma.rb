# frozen_string_literal: true

# Settings of the application server. One process, four threads: what a small
# rented machine has, and few enough that a burst of stylesheet compilations is
# felt by every reader.
#
#   BLOG_BIND   where to listen (default tcp://127.0.0.1:9292)
#               tcp://127.0.0.1:0     a free port; the start line names it
#               unix:///path/to.sock  a unix socket
#               activated             sockets handed down as systemd does
#                                     (LISTEN_FDS, LISTEN_PID)
#   BLOG_THREADS  number of threads (default 4)
$stdout.sync = true

environment 'production'
directory __dir__
rackup File.join(__dir__, 'config.ru')

workers 0
count = Integer(ENV.fetch('BLOG_THREADS', '4'))
threads count, count

address = ENV.fetch('BLOG_BIND', 'tcp://127.0.0.1:9292')
if address == 'activated'
  bind_to_activated_sockets 'only'
else
  bind address
end
