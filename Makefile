.PHONY: run test check
run: ; ./apex up
test: ; ./apex test
check: ; ./apex check
