# frozen_string_literal: true

# The outermost layers of the blog. Order matters: the counter sees every
# request that reached the application server, and the WebSocket takes its
# connection over before any session is opened.
require_relative 'app'

use RequestCounter
map('/ws') { run WebSocketEcho.new }
run Blog
